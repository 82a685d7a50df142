#include "model/chat_wire.h"

#include <map>

#include "base/json.h"
#include "base/text.h"
#include "model/dialogue.h"

namespace burin::model {

namespace chat_wire_detail {

// --- the request

void add_text_content(std::string& out, std::string_view text) {
  out += "\"content\":";
  write_json_string(out, text);
}

void add_image(std::string& out, const std::string& url) {
  out += R"({"type":"image_url","image_url":{"url":)";
  write_json_string(out, url);
  out += "}}";
}

/// Messages of one array, comma-separated.
class Messages {
 public:
  explicit Messages(std::string& out) : out_(out) {}
  void open(std::string_view role) {
    if (std::exchange(some_, true)) out_ += ',';
    out_ += fmt::format(R"({{"role":"{}",)", role);
  }
  void close() { out_ += '}'; }

  void system(std::string_view text) {
    open("system");
    add_text_content(out_, text);
    close();
  }

  void assistant(const DialogueTurn& turn) {
    std::string text;
    std::vector<const CallPart*> calls;
    for (const auto& part : turn.parts) {
      if (const auto* said = std::get_if<TextPart>(&part)) {
        if (!text.empty()) text += "\n\n";
        text += said->text;
      } else if (const auto* call = std::get_if<CallPart>(&part)) {
        calls.push_back(call);
      }
    }
    if (text.empty() && calls.empty()) return;
    open("assistant");
    if (text.empty()) {
      out_ += "\"content\":null";
    } else {
      add_text_content(out_, text);
    }
    if (!calls.empty()) add_calls(calls);
    close();
  }

  /// A tool's message can hold text only: pictures follow as the user's, when all results have been given.
  void user(const DialogueTurn& turn) {
    std::vector<DialoguePart> content;
    for (const auto& part : turn.parts) {
      const auto* result = std::get_if<ResultPart>(&part);
      if (result == nullptr) {
        content.push_back(part);
        continue;
      }
      open("tool");
      out_ += "\"tool_call_id\":";
      write_json_string(out_, result->call_id);
      out_ += ',';
      bool only_images = result->text.empty() && !result->images.empty();
      add_text_content(out_, only_images ? "The picture follows." : std::string_view(result->text));
      close();
      for (const auto& image : result->images) {
        content.emplace_back(TextPart{fmt::format("Picture of the tool call {}:", result->call_id)});
        content.emplace_back(image);
      }
    }
    if (!content.empty()) user_content(content);
  }

 private:
  void add_calls(const std::vector<const CallPart*>& calls) {
    out_ += ",\"tool_calls\":[";
    for (const auto* call : calls) {
      if (call != calls.front()) out_ += ',';
      out_ += "{\"id\":";
      write_json_string(out_, call->call_id);
      out_ += R"(,"type":"function","function":{"name":)";
      write_json_string(out_, call->name);
      out_ += ",\"arguments\":";
      write_json_string(out_, call->arguments);
      out_ += "}}";
    }
    out_ += ']';
  }

  void user_content(const std::vector<DialoguePart>& parts) {
    open("user");
    bool pictures = std::ranges::any_of(parts, [](const auto& p) { return std::holds_alternative<ImagePart>(p); });
    if (!pictures) {
      std::string text;
      for (const auto& part : parts) {
        if (!text.empty()) text += "\n\n";
        if (const auto* said = std::get_if<TextPart>(&part)) text += said->text;
      }
      add_text_content(out_, text);
    } else {
      out_ += "\"content\":[";
      bool first = true;
      for (const auto& part : parts) {
        if (!std::exchange(first, false)) out_ += ',';
        if (const auto* image = std::get_if<ImagePart>(&part)) {
          add_image(out_, image->url);
        } else if (const auto* said = std::get_if<TextPart>(&part)) {
          out_ += R"({"type":"text","text":)";
          write_json_string(out_, said->text);
          out_ += '}';
        }
      }
      out_ += ']';
    }
    close();
  }

  std::string& out_;
  bool some_ = false;
};

void add_tools(std::string& out, const std::vector<PlainTool>& tools, bool parallel) {
  if (tools.empty()) return;
  out += ",\"tools\":[";
  for (const auto& tool : tools) {
    if (&tool != tools.data()) out += ',';
    out += R"({"type":"function","function":{"name":)";
    write_json_string(out, tool.name);
    out += ",\"description\":";
    write_json_string(out, tool.description);
    out += ",\"parameters\":" + tool.parameters + "}}";
  }
  out += fmt::format(R"(],"tool_choice":"auto","parallel_tool_calls":{})", parallel);
}

// --- the answer

/// Chunks of one answer. Fragments of calls are joined by their index; what a model says is finished when something
/// else begins or the answer ends.
class ChatDecoder : public EventDecoder {
 public:
  explicit ChatDecoder(const Prompt& prompt) : tools_(plain_tools(prompt)), turn_(prompt.input.size()) {}

  bool completed() const override { return completed_; }
  const std::optional<ModelError>& error() const override { return error_; }
  bool fatal() const override { return error_.has_value(); }

  void feed(std::string_view data, std::vector<wire::ModelEvent>& out) override {
    if (trim(data) == "[DONE]") return finish(out);
    auto chunk = parse_json(data);
    if (!chunk || !chunk->is_object()) return;
    if (const auto* problem = find(*chunk, "error"); problem != nullptr && !problem->is_null()) return fail(*problem);
    if (auto id = find_string(*chunk, "id"); id && id_.empty()) id_ = std::string(*id);
    if (!std::exchange(created_, true)) out.emplace_back(wire::Created{});
    if (auto model = find_string(*chunk, "model"); model && served_ != *model) served_ = std::string(*model);
    if (const auto* usage = find(*chunk, "usage"); usage != nullptr && usage->is_object()) read_usage(*usage);
    const auto* choices = find_array(*chunk, "choices");
    if (choices == nullptr || choices->empty()) return;
    const auto& choice = choices->front();
    if (const auto* delta = find(choice, "delta")) take(*delta, out);
    if (auto reason = find_string(choice, "finish_reason")) stop(*reason, out);
  }

  /// Some servers end without [DONE].
  void end(std::vector<wire::ModelEvent>& out) override {
    if (stopped_) finish(out);
  }

 private:
  struct Call {
    std::string id, name, arguments;
  };

  void take(const json::value& delta, std::vector<wire::ModelEvent>& out) {
    for (auto key : {"reasoning_content", "reasoning"}) {
      if (auto text = find_string(delta, key); text && !text->empty()) {
        think(*text, out);
        break;
      }
    }
    if (auto text = find_string(delta, "content"); text && !text->empty()) say(*text, out);
    if (const auto* calls = find_array(delta, "tool_calls")) {
      for (const auto& call : *calls) take_call(call, out);
    }
  }

  void think(std::string_view text, std::vector<wire::ModelEvent>& out) {
    end_message(out);
    if (reasoning_.empty()) out.emplace_back(wire::ItemAdded{reasoning_item(item_id("rs"), {}, {})});
    reasoning_ += text;
    out.emplace_back(wire::ReasoningContentDelta{std::string(text), 0});
  }

  void say(std::string_view text, std::vector<wire::ModelEvent>& out) {
    end_reasoning(out);
    if (message_.empty()) out.emplace_back(wire::ItemAdded{message_item(item_id("msg"), {})});
    message_ += text;
    out.emplace_back(wire::TextDelta{std::string(text)});
  }

  void take_call(const json::value& part, std::vector<wire::ModelEvent>& out) {
    end_reasoning(out);
    end_message(out);
    std::int64_t index = find_int(part, "index").value_or(static_cast<std::int64_t>(calls_.size()));
    // An earlier call is complete as soon as a later one begins.
    while (!calls_.empty() && calls_.begin()->first < index) end_first_call(out);
    auto& call = calls_[index];
    if (auto id = find_string(part, "id"); id && !id->empty()) call.id = std::string(*id);
    if (const auto* function = find(part, "function")) {
      if (auto name = find_string(*function, "name")) call.name += *name;
      if (auto arguments = find_string(*function, "arguments")) call.arguments += *arguments;
    }
  }

  void end_reasoning(std::vector<wire::ModelEvent>& out) {
    if (reasoning_.empty()) return;
    out.emplace_back(wire::ItemDone{reasoning_item(item_id("rs"), std::exchange(reasoning_, {}), {})});
    ++items_;
  }
  void end_message(std::vector<wire::ModelEvent>& out) {
    if (message_.empty()) return;
    out.emplace_back(wire::ItemDone{message_item(item_id("msg"), std::exchange(message_, {}))});
    ++items_;
  }
  void end_first_call(std::vector<wire::ModelEvent>& out) {
    Call call = std::move(calls_.begin()->second);
    std::int64_t index = calls_.begin()->first;
    calls_.erase(calls_.begin());
    // Unique in the thread: the number of items before the answer never comes twice.
    if (call.id.empty()) call.id = fmt::format("call_{}_{}", turn_, index);
    out.emplace_back(
        wire::ItemDone{call_item(tools_, std::move(call.id), std::move(call.name), std::move(call.arguments))});
  }

  void stop(std::string_view reason, std::vector<wire::ModelEvent>& out) {
    if (reason == "length") {
      error_ = stream_error("Incomplete response returned, reason: max_output_tokens");
      return;
    }
    if (reason == "content_filter") {
      error_ = ModelError{.cls = ErrorClass::invalid_request,
                          .message = "The provider's content filter stopped the answer."};
      return;
    }
    stopped_ = true;
    end_reasoning(out);
    end_message(out);
    while (!calls_.empty()) end_first_call(out);
  }

  void finish(std::vector<wire::ModelEvent>& out) {
    if (completed_ || error_) return;
    if (!stopped_) stop("stop", out);
    completed_ = true;
    out.emplace_back(wire::Completed{id_, usage_});
  }

  void fail(const json::value& problem) {
    std::string message(problem.is_string() ? view(problem.get_string())
                                            : find_string(problem, "message").value_or(""));
    if (context_overflow_text(message) || find_string(problem, "code") == "context_length_exceeded") {
      error_ = context_window_error();
    } else {
      auto delay = retry_hint(message);
      error_ = stream_error(std::move(message), delay);
    }
  }

  void read_usage(const json::value& usage) {
    wire::TokenUsage out;
    out.input_tokens = find_int(usage, "prompt_tokens").value_or(0);
    out.output_tokens = find_int(usage, "completion_tokens").value_or(0);
    out.total_tokens = find_int(usage, "total_tokens").value_or(out.input_tokens + out.output_tokens);
    if (const auto* d = find(usage, "prompt_tokens_details")) {
      out.cached_input_tokens = find_int(*d, "cached_tokens").value_or(0);
    }
    if (const auto* d = find(usage, "completion_tokens_details")) {
      out.reasoning_output_tokens = find_int(*d, "reasoning_tokens").value_or(0);
    }
    usage_ = out;
  }

  std::string item_id(std::string_view kind) const { return fmt::format("{}_{}_{}", kind, turn_, items_); }

  std::vector<PlainTool> tools_;
  std::size_t turn_;
  std::size_t items_ = 0;
  std::string id_, served_;
  std::string reasoning_, message_;  // of the item that is open
  std::map<std::int64_t, Call> calls_;
  std::optional<wire::TokenUsage> usage_;
  std::optional<ModelError> error_;
  bool created_ = false, stopped_ = false, completed_ = false;
};

class ChatWire : public Wire {
 public:
  std::string_view path() const override { return "chat/completions"; }

  ModelResult<std::string> body(const Prompt& prompt, const TurnSettings& settings, std::string_view,
                                const config::ProviderDef&) const override {
    auto dialogue = dialogue_of(prompt, {});
    std::string out = "{\"model\":";
    write_json_string(out, settings.model.slug);
    out += ",\"messages\":[";
    Messages messages(out);
    messages.system(dialogue.system);
    for (const auto& turn : dialogue.turns) {
      if (turn.assistant) {
        messages.assistant(turn);
      } else {
        messages.user(turn);
      }
    }
    out += ']';
    add_tools(out, plain_tools(prompt), prompt.parallel_tool_calls);
    if (auto effort = effective_effort(settings)) {
      out += fmt::format(R"(,"reasoning_effort":"{}")", to_string(*effort));
    }
    if (prompt.output_schema != nullptr) {
      out +=
          R"(,"response_format":{"type":"json_schema","json_schema":{"name":"codex_output_schema","strict":true,"schema":)";
      write_json(out, *prompt.output_schema);
      out += "}}";
    }
    out += R"(,"stream":true,"stream_options":{"include_usage":true}})";
    return out;
  }

  void adapt(io::Headers& headers, const Credential&) const override { drop_responses_headers(headers); }
  std::unique_ptr<EventDecoder> decoder(const Prompt& prompt) const override {
    return std::make_unique<ChatDecoder>(prompt);
  }
};

}  // namespace chat_wire_detail

const Wire& chat_wire() {
  static const chat_wire_detail::ChatWire wire;
  return wire;
}

}  // namespace burin::model
