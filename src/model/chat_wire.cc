#include "model/chat_wire.h"

#include <deque>

#include "base/json.h"
#include "base/text.h"
#include "model/chat_decoder.h"
#include "model/transcript.h"
#include "model/wire_error.h"

namespace burin::model {

namespace chat_wire_detail {

constexpr std::string_view wire_name = "chat";
constexpr std::string_view paragraph = "\n\n";
constexpr std::string_view only_images = "The images follow in the next message.";
constexpr std::string_view no_output = "aborted";

void write_image(std::string& out, const wire::InputImage& image) {
  out += R"({"type":"image_url","image_url":{"url":)";
  write_json_string(out, image.image_url);
  if (image.detail) {
    out += ",\"detail\":";
    // The protocol knows no "original".
    write_json_string(out, image.detail == wire::ImageDetail::original ? "high" : to_string(*image.detail));
  }
  out += "}}";
}

void append_paragraph(std::string& text, std::string_view more) {
  if (!text.empty()) text += paragraph;
  text += more;
}

std::string reasoning_text(const wire::Reasoning& reasoning) {
  std::string out;
  if (!reasoning.content.parts) return out;
  for (const auto& part : *reasoning.content.parts) {
    if (const auto* text = std::get_if<wire::ReasoningText>(&part)) out += text->text;
  }
  return out;
}

/// Writes the messages one after another. What the user said is held until the other side speaks, so that neighbours
/// become one message: many chat templates demand that the sides alternate.
class Messages {
 public:
  explicit Messages(std::string& out) : out_(out) {}

  void write(const Prompt& prompt, const Transcript& transcript) {
    std::string system(prompt.instructions);
    for (auto text : transcript.system) append_paragraph(system, text);
    if (!system.empty()) {
      begin("system");
      write_json_string(out_, system);
      out_ += '}';
    }
    std::size_t loop = tool_loop(transcript);
    for (std::size_t i = 0; i < transcript.turns.size(); ++i) {
      const auto& turn = transcript.turns[i];
      if (turn.assistant) {
        assistant(turn, i >= loop);
      } else {
        user(turn);
      }
    }
    flush_user();
  }

 private:
  using Part = std::variant<std::string_view, const wire::InputImage*>;

  /// Where the last user message ends: reasoning goes back from there on only. Templates drop the older, and servers
  /// may refuse it.
  static std::size_t tool_loop(const Transcript& transcript) {
    std::size_t at = transcript.turns.size();
    while (at > 0 && transcript.turns[at - 1].assistant) --at;
    return at;
  }

  void begin(std::string_view role) {
    if (any_) out_ += ',';
    any_ = true;
    out_ += "{\"role\":";
    write_json_string(out_, role);
    out_ += ",\"content\":";
  }

  void user(const TranscriptTurn& turn) {
    for (const auto& block : turn.blocks) {
      if (const auto* text = std::get_if<std::string_view>(&block)) user_.emplace_back(*text);
      if (const auto* image = std::get_if<const wire::InputImage*>(&block)) user_.emplace_back(*image);
    }
  }

  void flush_user() {
    if (user_.empty()) return;
    begin("user");
    bool images =
        std::ranges::any_of(user_, [](const Part& p) { return !std::holds_alternative<std::string_view>(p); });
    images ? write_parts() : write_joined();
    out_ += '}';
    user_.clear();
  }

  /// A plain string is what every server and template takes.
  void write_joined() {
    std::string text;
    for (const auto& part : user_) append_paragraph(text, std::get<std::string_view>(part));
    write_json_string(out_, text);
  }

  void write_parts() {
    char separator = '[';
    for (const auto& part : user_) {
      out_ += separator;
      separator = ',';
      if (const auto* text = std::get_if<std::string_view>(&part)) {
        out_ += R"({"type":"text","text":)";
        write_json_string(out_, *text);
        out_ += '}';
      } else {
        write_image(out_, *std::get<const wire::InputImage*>(part));
      }
    }
    out_ += ']';
  }

  void assistant(const TranscriptTurn& turn, bool in_loop) {
    std::string text;
    for (const auto& block : turn.blocks) {
      if (const auto* t = std::get_if<std::string_view>(&block)) append_paragraph(text, *t);
    }
    if (text.empty() && !turn.calls()) return;
    flush_user();
    begin("assistant");
    if (text.empty()) {
      out_ += "null";
    } else {
      write_json_string(out_, text);
    }
    if (turn.calls()) {
      if (in_loop) reasoning(turn);
      calls(turn);
    }
    out_ += '}';
    outputs(turn);
  }

  void reasoning(const TranscriptTurn& turn) {
    std::string text;
    std::string_view field;
    for (const auto& block : turn.blocks) {
      const auto* item = std::get_if<const wire::Reasoning*>(&block);
      if (item == nullptr) continue;
      auto mark = marked_reasoning(**item, wire_name);
      if (!mark) continue;
      field = *mark;
      append_paragraph(text, reasoning_text(**item));
    }
    if (text.empty()) return;
    out_ += ',';
    write_json_string(out_, field);
    out_ += ':';
    write_json_string(out_, text);
  }

  void calls(const TranscriptTurn& turn) {
    std::string_view separator = ",\"tool_calls\":[";
    for (const auto& block : turn.blocks) {
      const auto* call = std::get_if<TranscriptCall>(&block);
      if (call == nullptr) continue;
      out_ += separator;
      separator = ",";
      out_ += "{\"id\":";
      write_json_string(out_, call->id);
      out_ += R"(,"type":"function","function":{"name":)";
      write_json_string(out_, call->name);
      out_ += ",\"arguments\":";
      write_json_string(out_, call->arguments);
      out_ += "}}";
    }
    out_ += ']';
  }

  void outputs(const TranscriptTurn& turn) {
    for (const auto& block : turn.blocks) {
      if (const auto* call = std::get_if<TranscriptCall>(&block)) output(*call);
    }
  }

  void output(const TranscriptCall& call) {
    begin("tool");
    const auto* items = call.output != nullptr ? call.output->items() : nullptr;
    if (items != nullptr) {
      write_json_string(out_, text_with_images(call, *items));
    } else {
      write_json_string(out_, call.output != nullptr ? std::string_view(*call.output->text()) : no_output);
    }
    out_ += ",\"tool_call_id\":";
    write_json_string(out_, call.id);
    out_ += '}';
  }

  /// A tool message takes text only: its images become the user's, behind all outputs.
  std::string text_with_images(const TranscriptCall& call, const std::vector<wire::ContentItem>& items) {
    std::string text;
    bool images = false;
    for (const auto& part : items) {
      if (const auto* t = std::get_if<wire::InputText>(&part)) append_paragraph(text, t->text);
      const auto* image = std::get_if<wire::InputImage>(&part);
      if (image == nullptr) continue;
      if (!images) user_.emplace_back(made_.emplace_back(fmt::format("Images of the tool call {}:", call.id)));
      images = true;
      user_.emplace_back(image);
    }
    if (text.empty() && images) text = only_images;
    return text;
  }

  std::string& out_;
  bool any_ = false;
  std::vector<Part> user_;
  std::deque<std::string> made_;  // texts of our own that user_ looks at
};

void add_tools(std::string& out, const Prompt& prompt) {
  std::string_view separator = ",\"tools\":[";
  for (const auto& tool : function_tools(prompt.tools)) {
    out += separator;
    separator = ",";
    out += R"({"type":"function","function":{"name":)";
    write_json_string(out, tool.name);
    out += ",\"description\":";
    write_json_string(out, tool.description);
    out += ",\"parameters\":";
    out += tool.parameters;
    out += "}}";
  }
  if (separator != ",") return;  // servers refuse an empty list, and what is about tools without it
  out += R"(],"tool_choice":"auto","parallel_tool_calls":)";
  out += prompt.parallel_tool_calls ? "true" : "false";
}

void add_schema(std::string& out, const Prompt& prompt) {
  if (prompt.output_schema == nullptr) return;
  out += R"(,"response_format":{"type":"json_schema","json_schema":{"name":"codex_output_schema","strict":true,)";
  out += "\"schema\":";
  write_json(out, *prompt.output_schema);
  out += "}}";
}

}  // namespace chat_wire_detail

using namespace chat_wire_detail;

std::string chat_reasoning_mark(std::string_view field) {
  return fmt::format("{}{}:{}", reasoning_mark, wire_name, field);
}

ModelResult<std::string> ChatWire::body(const Prompt& prompt, const TurnSettings& settings, std::string_view,
                                        const config::ProviderDef&) const {
  auto transcript = read_transcript(prompt);
  if (!transcript) return ModelFail(transcript.error());
  std::string out;
  out.reserve(prompt_bytes(prompt));
  out += "{\"model\":";
  write_json_string(out, settings.model.slug);
  out += ",\"messages\":[";
  Messages(out).write(prompt, *transcript);
  out += ']';
  add_tools(out, prompt);
  if (auto effort = effective_effort(settings)) {
    out += ",\"reasoning_effort\":";
    write_json_string(out, to_string(*effort));
  }
  add_schema(out, prompt);
  out += R"(,"stream":true,"stream_options":{"include_usage":true}})";
  return out;
}

void ChatWire::adapt(io::Headers& headers, const Credential&) const { drop_openai_headers(headers); }

std::unique_ptr<EventDecoder> ChatWire::decoder(const Prompt& prompt) const {
  return std::make_unique<ChatDecoder>(prompt);
}

std::optional<ModelError> ChatWire::http_error(int status, std::string_view body) const {
  return named_http_error(status, body);
}

}  // namespace burin::model
