#include "model/anthropic_wire.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "model/anthropic_decoder.h"
#include "model/transcript.h"
#include "model/wire_error.h"

namespace burin::model {

namespace anthropic_wire_detail {

constexpr std::string_view wire_name = "anthropic";
constexpr std::string_view api_version = "2023-06-01";
constexpr std::string_view cache_here = R"(,"cache_control":{"type":"ephemeral"})";
constexpr std::string_view no_output = "aborted";
constexpr std::string_view empty_output = "(no output)";  // texts without a visible character are refused
constexpr std::string_view go_on = "Continue.";  // where the protocol demands words of the user and there are none

struct OutputLimit {
  std::string_view part;  // of the model's slug
  std::int64_t tokens;
};
/// Older models refuse a request for more than they can; all since can do the default.
constexpr OutputLimit output_limits[] = {
    {"claude-3-5", 8192}, {"claude-3-opus", 4096}, {"claude-3-sonnet", 4096}, {"claude-3-haiku", 4096}};
constexpr std::int64_t default_output_limit = 32'000;

struct Budget {
  wire::ReasoningEffort effort;
  std::int64_t tokens;
};
/// The least that servers accept is 1024.
constexpr Budget budgets[] = {{wire::ReasoningEffort::none, 0},      {wire::ReasoningEffort::minimal, 1024},
                              {wire::ReasoningEffort::low, 4096},    {wire::ReasoningEffort::medium, 8192},
                              {wire::ReasoningEffort::high, 16'384}, {wire::ReasoningEffort::xhigh, 24'000}};

std::string_view carried_block(const TranscriptBlock& block) {
  const auto* reasoning = std::get_if<const wire::Reasoning*>(&block);
  return reasoning == nullptr ? std::string_view() : marked_reasoning(**reasoning, wire_name).value_or("");
}

/// The first turn of the tool loop that is still open. User texts that stand with the outputs of calls do not end it.
std::size_t open_loop(const std::vector<TranscriptTurn>& turns) {
  for (std::size_t i = turns.size(); i > 0; --i) {
    bool starts = !turns[i - 1].assistant && (i < 2 || !turns[i - 2].calls());
    if (starts) return i;
  }
  return 0;
}

/// A loop that began without thinking must go on without: the server refuses to think in the middle.
bool may_think(const std::vector<TranscriptTurn>& turns) {
  std::size_t first = open_loop(turns);
  return first >= turns.size() || !carried_block(turns[first].blocks.front()).empty();
}

void write_text(std::string& out, std::string_view text) {
  out += R"({"type":"text","text":)";
  write_json_string(out, text);
  out += '}';
}

struct DataUrl {
  std::string_view media_type, data;
};
std::optional<DataUrl> read_data_url(std::string_view url) {
  constexpr std::string_view scheme = "data:", encoding = ";base64";
  auto comma = url.find(',');
  if (!url.starts_with(scheme) || comma == std::string_view::npos) return std::nullopt;
  auto media = url.substr(scheme.size(), comma - scheme.size());
  if (!media.ends_with(encoding)) return std::nullopt;
  media.remove_suffix(encoding.size());
  if (media == "image/jpg") media = "image/jpeg";
  return DataUrl{media, url.substr(comma + 1)};
}

void write_image(std::string& out, const wire::InputImage& image) {
  if (auto data = read_data_url(image.image_url)) {
    out += R"({"type":"image","source":{"type":"base64","media_type":)";
    write_json_string(out, data->media_type);
    out += ",\"data\":";
    write_json_string(out, data->data);
    out += "}}";
  } else if (image.image_url.starts_with("http")) {
    out += R"({"type":"image","source":{"type":"url","url":)";
    write_json_string(out, image.image_url);
    out += "}}";
  } else {
    write_text(out, "[an image in a form that cannot be sent]");
  }
}

/// Writes the messages one after another; the sides alternate, and outputs open the user's message.
class Messages {
 public:
  Messages(std::string& out, bool thinking) : out_(out), thinking_(thinking) {}

  void write(const std::vector<TranscriptTurn>& turns) {
    if (turns.empty() || turns.front().assistant) own_words();
    for (const auto& turn : turns) turn.assistant ? assistant(turn) : user(turn);
    if (side_ == Side::assistant) own_words();
    close();
    mark_cached();
  }

 private:
  enum class Side : unsigned char { none, user, assistant };

  void close() {
    if (side_ == Side::none) return;
    if (side_ == Side::user) ends_.push_back(out_.size() - 1);
    out_ += "]}";
  }

  /// Room for the next block of that side.
  void block_of(Side side) {
    if (side_ == side) {
      out_ += ',';
      return;
    }
    close();
    if (side_ != Side::none) out_ += ',';
    side_ = side;
    out_ += side == Side::user ? R"({"role":"user","content":[)" : R"({"role":"assistant","content":[)";
  }

  void own_words() {
    block_of(Side::user);
    write_text(out_, go_on);
  }

  void user(const TranscriptTurn& turn) {
    for (const auto& block : turn.blocks) {
      block_of(Side::user);
      if (const auto* text = std::get_if<std::string_view>(&block)) {
        write_text(out_, *text);
      } else {
        write_image(out_, *std::get<const wire::InputImage*>(block));
      }
    }
  }

  void assistant(const TranscriptTurn& turn) {
    bool says = std::ranges::any_of(turn.blocks, [](const TranscriptBlock& block) {
      return !std::holds_alternative<const wire::Reasoning*>(block);
    });
    if (!says) return;
    for (const auto& block : turn.blocks) {
      if (const auto* text = std::get_if<std::string_view>(&block)) {
        block_of(Side::assistant);
        write_text(out_, *text);
      } else if (auto thought = carried_block(block); thinking_ && !thought.empty()) {
        block_of(Side::assistant);
        out_ += thought;
      } else if (const auto* call = std::get_if<TranscriptCall>(&block)) {
        block_of(Side::assistant);
        tool_use(*call);
      }
    }
    for (const auto& block : turn.blocks) {
      if (const auto* call = std::get_if<TranscriptCall>(&block)) tool_result(*call);
    }
  }

  void tool_use(const TranscriptCall& call) {
    out_ += R"({"type":"tool_use","id":)";
    write_json_string(out_, call.id);
    out_ += ",\"name\":";
    write_json_string(out_, call.name);
    out_ += ",\"input\":";
    out_ += call.arguments;
    out_ += '}';
  }

  void tool_result(const TranscriptCall& call) {
    block_of(Side::user);
    out_ += R"({"type":"tool_result","tool_use_id":)";
    write_json_string(out_, call.id);
    out_ += ",\"content\":";
    const auto* parts = call.output != nullptr ? call.output->items() : nullptr;
    if (parts != nullptr) {
      output_parts(*parts);
    } else {
      std::string_view text = call.output != nullptr ? std::string_view(*call.output->text()) : no_output;
      write_json_string(out_, blank(text) ? empty_output : text);
    }
    out_ += '}';
  }

  void output_parts(const std::vector<wire::ContentItem>& parts) {
    out_ += '[';
    const std::size_t start = out_.size();
    for (const auto& part : parts) {
      const auto* text = std::get_if<wire::InputText>(&part);
      if (text != nullptr && blank(text->text)) continue;
      if (out_.size() != start) out_ += ',';
      if (text != nullptr) write_text(out_, text->text);
      if (const auto* image = std::get_if<wire::InputImage>(&part)) write_image(out_, *image);
    }
    out_ += ']';
  }

  /// The last two messages of the user: the newest to be found by the next request, the one before to find what the
  /// last request left, also when more blocks were added since than the server looks back.
  void mark_cached() {
    for (std::size_t n = 0; n < 2 && n < ends_.size(); ++n) out_.insert(ends_[ends_.size() - 1 - n], cache_here);
  }

  std::string& out_;
  bool thinking_;
  Side side_ = Side::none;
  std::vector<std::size_t> ends_;  // of each user message: its last block's closing brace
};

void add_system(std::string& out, const Prompt& prompt, const Transcript& transcript) {
  std::vector<std::string_view> texts;
  if (!blank(prompt.instructions)) texts.push_back(prompt.instructions);
  texts.insert(texts.end(), transcript.system.begin(), transcript.system.end());
  std::string schema;
  if (prompt.output_schema != nullptr) {
    schema =
        "Your final message must be one JSON document, with nothing before or after it, that matches this JSON "
        "Schema:\n";
    write_json(schema, *prompt.output_schema);
    texts.emplace_back(schema);
  }
  if (texts.empty()) return;
  std::string_view separator = ",\"system\":[";
  for (auto text : texts) {
    out += separator;
    separator = ",";
    write_text(out, text);
  }
  out.insert(out.size() - 1, cache_here);
  out += ']';
}

void add_tool(std::string& out, std::string_view name, std::string_view description, std::string_view schema) {
  out += out.ends_with('[') ? "{\"name\":" : ",{\"name\":";
  write_json_string(out, name);
  if (!description.empty()) {
    out += ",\"description\":";
    write_json_string(out, description);
  }
  out += ",\"input_schema\":";
  out += schema;
  out += '}';
}

/// Names of the calls in the messages: the server wants the tools of old calls defined, also when none is on offer.
std::set<std::string_view> called_names(const Transcript& transcript) {
  std::set<std::string_view> out;
  for (const auto& turn : transcript.turns) {
    for (const auto& block : turn.blocks) {
      if (const auto* call = std::get_if<TranscriptCall>(&block)) out.insert(call->name);
    }
  }
  return out;
}

void add_tools(std::string& out, const Prompt& prompt, const Transcript& transcript) {
  auto tools = function_tools(prompt.tools);
  auto called = tools.empty() ? called_names(transcript) : std::set<std::string_view>();
  if (tools.empty() && called.empty()) return;
  out += ",\"tools\":[";
  for (const auto& tool : tools) add_tool(out, tool.name, tool.description, tool.parameters);
  for (auto name : called) add_tool(out, name, "", R"({"type":"object"})");
  out.insert(out.size() - 1, cache_here);
  out += "],\"tool_choice\":";
  if (tools.empty()) {
    out += R"({"type":"none"})";
  } else {
    out += R"({"type":"auto","disable_parallel_tool_use":)";
    out += prompt.parallel_tool_calls ? "false}" : "true}";
  }
}

bool has(const io::Headers& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const auto& header) { return equals_ignore_case(header.first, name); });
}

std::string marked(std::string_view block) { return fmt::format("{}{}:{}", reasoning_mark, wire_name, block); }

}  // namespace anthropic_wire_detail

using namespace anthropic_wire_detail;

std::string carried_thinking(std::string_view thinking, std::string_view signature) {
  if (signature.empty()) return marked("");
  std::string block = R"({"type":"thinking","thinking":)";
  write_json_string(block, thinking);
  block += ",\"signature\":";
  write_json_string(block, signature);
  return marked(block += '}');
}

std::string carried_redacted_thinking(std::string_view data) {
  std::string block = R"({"type":"redacted_thinking","data":)";
  write_json_string(block, data);
  return marked(block += '}');
}

std::int64_t max_output_tokens(std::string_view model) {
  for (const auto& row : output_limits) {
    if (contains(model, row.part)) return row.tokens;
  }
  return default_output_limit;
}

std::int64_t thinking_budget(wire::ReasoningEffort effort) {
  for (const auto& row : budgets) {
    if (row.effort == effort) return row.tokens;
  }
  return 0;
}

ModelResult<std::string> AnthropicWire::body(const Prompt& prompt, const TurnSettings& settings, std::string_view,
                                             const config::ProviderDef&) const {
  auto transcript = read_transcript(prompt);
  if (!transcript) return ModelFail(transcript.error());
  const auto effort = effective_effort(settings);
  const std::int64_t limit = max_output_tokens(settings.model.slug);
  const std::int64_t budget = effort ? std::min(thinking_budget(*effort), limit * 3 / 4) : 0;
  const bool thinking = budget > 0 && may_think(transcript->turns);
  std::string out;
  out.reserve(prompt_bytes(prompt));
  out += "{\"model\":";
  write_json_string(out, settings.model.slug);
  out += fmt::format(",\"max_tokens\":{}", limit);
  if (thinking) out += fmt::format(R"(,"thinking":{{"type":"enabled","budget_tokens":{}}})", budget);
  add_tools(out, prompt, *transcript);
  add_system(out, prompt, *transcript);
  out += ",\"messages\":[";
  Messages(out, thinking).write(transcript->turns);
  out += "],\"stream\":true}";
  return out;
}

void AnthropicWire::adapt(io::Headers& headers, const Credential& credential) const {
  drop_openai_headers(headers);
  if (credential.bearer) {
    const std::string bearer = "Bearer " + *credential.bearer;
    std::erase_if(headers, [&](const auto& header) {
      return equals_ignore_case(header.first, "authorization") && header.second == bearer;
    });
    if (!has(headers, "x-api-key")) headers.emplace_back("x-api-key", *credential.bearer);
  }
  if (!has(headers, "anthropic-version")) headers.emplace_back("anthropic-version", api_version);
}

std::unique_ptr<EventDecoder> AnthropicWire::decoder(const Prompt& prompt) const {
  return std::make_unique<AnthropicDecoder>(prompt);
}

std::optional<ModelError> AnthropicWire::http_error(int status, std::string_view body) const {
  return named_http_error(status, body);
}

}  // namespace burin::model
