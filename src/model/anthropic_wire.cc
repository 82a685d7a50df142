#include "model/anthropic_wire.h"

#include "base/json.h"
#include "base/text.h"
#include "model/dialogue.h"

namespace burin::model {

namespace anthropic_wire_detail {

constexpr std::string_view api_version = "2023-06-01";
constexpr std::string_view seal = "burin-anthropic:";
static_assert(seal.starts_with(sealed_reasoning));
/// Output tokens, thinking included; every current model allows as many.
constexpr int max_tokens = 32'000;
constexpr std::string_view cache_mark = R"(,"cache_control":{"type":"ephemeral"})";

/// Tokens of thinking for an effort; none for those that do not think.
int thinking_budget(wire::ReasoningEffort effort) {
  using E = wire::ReasoningEffort;
  switch (effort) {
    case E::none:
      return 0;
    case E::minimal:
      return 1'024;
    case E::low:
      return 4'096;
    case E::medium:
      return 10'240;
    case E::high:
      return 20'480;
    case E::xhigh:
      return 28'672;
  }
  return 0;
}

/// Ids of calls that another provider has made may hold characters that this one refuses.
std::string legal_id(std::string_view id) {
  std::string out(id);
  for (char& c : out) {
    bool legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!legal) c = '_';
  }
  return out;
}

// --- the request

class Blocks {
 public:
  explicit Blocks(std::string& out) : out_(out) {}

  void operator()(const TextPart& part) { text(part.text); }
  void operator()(const ImagePart& part) {
    next();
    image(part.url);
  }
  void operator()(const CallPart& part) {
    next();
    out_ += R"({"type":"tool_use","id":)";
    write_json_string(out_, legal_id(part.call_id));
    out_ += ",\"name\":";
    write_json_string(out_, part.name);
    auto arguments = parse_json(part.arguments);
    out_ += ",\"input\":";
    if (arguments && arguments->is_object()) {
      write_json(out_, *arguments);
    } else {
      write_json(out_, json::object{{"arguments", part.arguments}});
    }
    out_ += '}';
  }
  void operator()(const ResultPart& part) {
    next();
    out_ += R"({"type":"tool_result","tool_use_id":)";
    write_json_string(out_, legal_id(part.call_id));
    out_ += ",\"content\":[";
    Blocks inner(out_);
    if (!blank(part.text)) inner.text(part.text);
    for (const auto& picture : part.images) inner(picture);
    if (!inner.some_) inner.text("(no output)");
    out_ += "]}";
  }
  void operator()(const ReasoningPart& part) {
    auto plain = base64_decode(part.sealed);
    auto block = plain ? parse_json(*plain) : tl::unexpected(Error{});
    if (!block || !block->is_object()) return;
    next();
    write_json(out_, *block);
  }
  void text(std::string_view value) {
    next();
    out_ += R"({"type":"text","text":)";
    write_json_string(out_, value);
    out_ += '}';
  }
  /// What comes up to here is worth keeping in the provider's cache.
  void mark() {
    if (!some_) return;
    out_.pop_back();
    out_ += cache_mark;
    out_ += '}';
  }

 private:
  void next() {
    if (std::exchange(some_, true)) out_ += ',';
  }
  void image(std::string_view url) {
    // data:image/png;base64,…
    auto comma = url.find(',');
    if (url.starts_with("data:") && comma != std::string_view::npos) {
      auto type = url.substr(5, url.find(';') - 5);
      out_ += R"({"type":"image","source":{"type":"base64","media_type":)";
      write_json_string(out_, type);
      out_ += ",\"data\":";
      write_json_string(out_, url.substr(comma + 1));
    } else {
      out_ += R"({"type":"image","source":{"type":"url","url":)";
      write_json_string(out_, url);
    }
    out_ += "}}";
  }
  std::string& out_;
  bool some_ = false;
};

void add_messages(std::string& out, const Dialogue& dialogue) {
  out += ",\"messages\":[";
  bool first = true;
  auto open = [&](bool assistant) {
    if (!std::exchange(first, false)) out += ',';
    out += fmt::format(R"({{"role":"{}","content":[)", assistant ? "assistant" : "user");
  };
  if (!dialogue.turns.empty() && dialogue.turns.front().assistant) {
    open(false);
    Blocks(out).text("(The dialogue begins with your answer.)");
    out += "]}";
  }
  for (const auto& turn : dialogue.turns) {
    open(turn.assistant);
    Blocks blocks(out);
    for (const auto& part : turn.parts) std::visit(blocks, part);
    if (&turn == &dialogue.turns.back()) blocks.mark();
    out += "]}";
  }
  out += ']';
}

void add_tools(std::string& out, const std::vector<PlainTool>& tools, bool parallel) {
  if (tools.empty()) return;
  out += ",\"tools\":[";
  for (const auto& tool : tools) {
    if (&tool != tools.data()) out += ',';
    out += "{\"name\":";
    write_json_string(out, tool.name);
    out += ",\"description\":";
    write_json_string(out, tool.description);
    out += ",\"input_schema\":" + tool.parameters;
    if (&tool == &tools.back()) out += cache_mark;
    out += '}';
  }
  out += fmt::format(R"(],"tool_choice":{{"type":"auto","disable_parallel_tool_use":{}}})", !parallel);
}

/// With thinking, an answer whose tools are still being used must begin with it. One that another provider gave does
/// not: the model goes on without thinking then.
bool may_think(const Dialogue& dialogue) {
  for (auto turn = dialogue.turns.rbegin(); turn != dialogue.turns.rend(); ++turn) {
    if (!turn->assistant) {
      bool fresh =
          std::ranges::none_of(turn->parts, [](const auto& p) { return std::holds_alternative<ResultPart>(p); });
      if (fresh) return true;
      continue;
    }
    return std::holds_alternative<ReasoningPart>(turn->parts.front());
  }
  return true;
}

std::string system_text(const Dialogue& dialogue, const Prompt& prompt) {
  std::string out = dialogue.system;
  if (prompt.output_schema != nullptr) {
    out += "\n\nYour final answer is one JSON value and nothing else. It conforms to this JSON Schema:\n";
    write_json(out, *prompt.output_schema);
  }
  return out;
}

// --- the answer

class AnthropicDecoder : public EventDecoder {
 public:
  explicit AnthropicDecoder(const Prompt& prompt) : tools_(plain_tools(prompt)), turn_(prompt.input.size()) {}

  bool completed() const override { return completed_; }
  const std::optional<ModelError>& error() const override { return error_; }
  bool fatal() const override { return error_.has_value(); }

  void feed(std::string_view data, std::vector<wire::ModelEvent>& out) override {
    auto event = parse_json(data);
    if (!event) return;
    auto type = find_string(*event, "type").value_or("");
    if (type == "message_start") {
      start(*event, out);
    } else if (type == "content_block_start") {
      open_block(*event, out);
    } else if (type == "content_block_delta") {
      if (const auto* delta = find(*event, "delta")) take(*delta, out);
    } else if (type == "content_block_stop") {
      close_block(out);
    } else if (type == "message_delta") {
      change(*event);
    } else if (type == "message_stop") {
      close_block(out);
      usage_.total_tokens = usage_.input_tokens + usage_.output_tokens;
      completed_ = !error_;
      if (completed_) out.emplace_back(wire::Completed{id_, usage_});
    } else if (type == "error") {
      if (const auto* problem = find(*event, "error")) fail(*problem);
    }
  }

 private:
  enum class Block : unsigned char { none, text, thinking, redacted, call };

  void start(const json::value& event, std::vector<wire::ModelEvent>& out) {
    if (const auto* message = find(event, "message")) {
      id_ = std::string(find_string(*message, "id").value_or(""));
      if (const auto* usage = find(*message, "usage")) read_usage(*usage);
    }
    out.emplace_back(wire::Created{});
  }

  void open_block(const json::value& event, std::vector<wire::ModelEvent>& out) {
    close_block(out);
    const auto* block = find(event, "content_block");
    if (block == nullptr) return;
    auto type = find_string(*block, "type").value_or("");
    text_.clear();
    signature_.clear();
    if (type == "text") {
      kind_ = Block::text;
      out.emplace_back(wire::ItemAdded{message_item(item_id("msg"), {})});
      if (auto text = find_string(*block, "text"); text && !text->empty()) say(*text, out);
    } else if (type == "thinking") {
      kind_ = Block::thinking;
      out.emplace_back(wire::ItemAdded{reasoning_item(item_id("rs"), {}, {})});
      if (auto text = find_string(*block, "thinking"); text && !text->empty()) think(*text, out);
    } else if (type == "redacted_thinking") {
      kind_ = Block::redacted;
      text_ = std::string(find_string(*block, "data").value_or(""));
    } else if (type == "tool_use") {
      kind_ = Block::call;
      call_id_ = std::string(find_string(*block, "id").value_or(""));
      name_ = std::string(find_string(*block, "name").value_or(""));
      // Servers that do not stream the input give it here.
      const auto* input = find(*block, "input");
      if (input != nullptr && input->is_object() && !input->get_object().empty()) text_ = dump(*input);
    }
  }

  void take(const json::value& delta, std::vector<wire::ModelEvent>& out) {
    if (auto text = find_string(delta, "text")) {
      if (kind_ == Block::text) say(*text, out);
    } else if (auto thought = find_string(delta, "thinking")) {
      if (kind_ == Block::thinking) think(*thought, out);
    } else if (auto signature = find_string(delta, "signature")) {
      signature_ += *signature;
    } else if (auto json_piece = find_string(delta, "partial_json")) {
      if (kind_ == Block::call) text_ += *json_piece;
    }
  }

  void say(std::string_view text, std::vector<wire::ModelEvent>& out) {
    text_ += text;
    out.emplace_back(wire::TextDelta{std::string(text)});
  }
  void think(std::string_view text, std::vector<wire::ModelEvent>& out) {
    text_ += text;
    out.emplace_back(wire::ReasoningContentDelta{std::string(text), 0});
  }

  static std::string sealed(const json::object& block) { return std::string(seal) + base64(dump(json::value(block))); }

  void close_block(std::vector<wire::ModelEvent>& out) {
    std::string text = std::exchange(text_, {});
    switch (std::exchange(kind_, Block::none)) {
      case Block::none:
        return;
      case Block::text:
        out.emplace_back(wire::ItemDone{message_item(item_id("msg"), std::move(text))});
        break;
      case Block::thinking: {
        json::object block{{"type", "thinking"}, {"thinking", text}, {"signature", signature_}};
        out.emplace_back(wire::ItemDone{reasoning_item(item_id("rs"), std::move(text), sealed(block))});
        break;
      }
      case Block::redacted: {
        json::object block{{"type", "redacted_thinking"}, {"data", text}};
        out.emplace_back(wire::ItemDone{reasoning_item(item_id("rs"), {}, sealed(block))});
        break;
      }
      case Block::call:
        out.emplace_back(wire::ItemDone{call_item(tools_, call_id_, name_, std::move(text))});
        break;
    }
    ++items_;
  }

  void change(const json::value& event) {
    if (const auto* usage = find(event, "usage")) read_usage(*usage);
    const auto* delta = find(event, "delta");
    auto reason = delta != nullptr ? find_string(*delta, "stop_reason").value_or("") : std::string_view();
    if (reason == "max_tokens") {
      error_ = stream_error("Incomplete response returned, reason: max_output_tokens");
    } else if (reason == "model_context_window_exceeded") {
      error_ = context_window_error();
    } else if (reason == "refusal") {
      error_ = ModelError{.cls = ErrorClass::invalid_request, .message = "The model refused to answer."};
    }
  }

  void fail(const json::value& problem) {
    auto type = find_string(problem, "type").value_or("");
    std::string message(find_string(problem, "message").value_or(type));
    if (context_overflow_text(message)) {
      error_ = context_window_error();
    } else if (type == "invalid_request_error") {
      error_ = ModelError{.cls = ErrorClass::invalid_request, .message = std::move(message)};
    } else {
      // overloaded_error, api_error, rate_limit_error: they pass.
      auto delay = retry_hint(message);
      error_ = stream_error(std::move(message), delay);
    }
  }

  /// The first event counts the input, the last one the output; cached input is counted beside the rest.
  void read_usage(const json::value& usage) {
    auto take_number = [&](std::string_view key) { return find_int(usage, key); };
    if (auto input = take_number("input_tokens")) {
      usage_.cached_input_tokens = take_number("cache_read_input_tokens").value_or(usage_.cached_input_tokens);
      written_ = take_number("cache_creation_input_tokens").value_or(written_);
      usage_.input_tokens = *input + usage_.cached_input_tokens + written_;
    }
    if (auto output = take_number("output_tokens")) usage_.output_tokens = *output;
  }

  std::string item_id(std::string_view kind) const { return fmt::format("{}_{}_{}", kind, turn_, items_); }

  std::vector<PlainTool> tools_;
  std::size_t turn_;
  std::size_t items_ = 0;
  std::string id_;
  Block kind_ = Block::none;
  std::string text_, signature_, call_id_, name_;  // of the open block
  wire::TokenUsage usage_;
  std::int64_t written_ = 0;  // input that went into the cache
  std::optional<ModelError> error_;
  bool completed_ = false;
};

class AnthropicWire : public Wire {
 public:
  std::string_view path() const override { return "messages"; }

  ModelResult<std::string> body(const Prompt& prompt, const TurnSettings& settings, std::string_view,
                                const config::ProviderDef&) const override {
    auto dialogue = dialogue_of(prompt, seal);
    std::string out = "{\"model\":";
    write_json_string(out, settings.model.slug);
    out += fmt::format(",\"max_tokens\":{},\"stream\":true", max_tokens);
    auto effort = effective_effort(settings);
    int budget = effort && may_think(dialogue) ? thinking_budget(*effort) : 0;
    if (budget > 0) out += fmt::format(R"(,"thinking":{{"type":"enabled","budget_tokens":{}}})", budget);
    out += ",\"system\":[";
    Blocks system(out);
    if (auto text = system_text(dialogue, prompt); !blank(text)) system.text(text);
    system.mark();
    out += ']';
    add_tools(out, plain_tools(prompt), prompt.parallel_tool_calls);
    add_messages(out, dialogue);
    out += '}';
    return out;
  }

  void adapt(io::Headers& headers, const Credential& credential) const override {
    drop_responses_headers(headers);
    std::erase_if(headers, [](const auto& h) { return equals_ignore_case(h.first, "authorization"); });
    auto has = [&](std::string_view name) {
      return std::ranges::any_of(headers, [&](const auto& h) { return equals_ignore_case(h.first, name); });
    };
    if (credential.bearer && !has("x-api-key")) headers.emplace_back("x-api-key", *credential.bearer);
    if (!has("anthropic-version")) headers.emplace_back("anthropic-version", std::string(api_version));
  }
  std::unique_ptr<EventDecoder> decoder(const Prompt& prompt) const override {
    return std::make_unique<AnthropicDecoder>(prompt);
  }
};

}  // namespace anthropic_wire_detail

const Wire& anthropic_wire() {
  static const anthropic_wire_detail::AnthropicWire wire;
  return wire;
}

}  // namespace burin::model
