#include "cli/session_export.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/session_turns.h"

namespace burin::cli {

namespace session_export_detail {

/// A code block whose fence is longer than any run of backticks in it.
std::string fenced(std::string_view text, std::string_view language = "") {
  std::size_t longest = 2, run = 0;
  for (char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  std::string fence(longest + 1, '`');
  return fmt::format("{}{}\n{}{}{}\n", fence, language, text, text.ends_with('\n') ? "" : "\n", fence);
}

std::string html_text(std::string_view text) {
  return replace_all(replace_all(replace_all(text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string output_text(const wire::FunctionOutput& output) {
  if (const auto* text = output.text()) return *text;
  std::string out;
  for (const auto& part : *output.items()) {
    const auto* text = std::get_if<wire::InputText>(&part);
    out += (text != nullptr ? text->text : "[Image]") + "\n";
  }
  return out;
}

/// What a call was, in a line, and what it was given.
struct ShownCall {
  std::string name, input;
  std::string_view language;
};

std::optional<ShownCall> shown_call(const wire::ResponseItem& item) {
  if (const auto* call = std::get_if<wire::FunctionCall>(&item)) return ShownCall{call->name, call->arguments, "json"};
  if (const auto* call = std::get_if<wire::CustomToolCall>(&item)) return ShownCall{call->name, call->input, ""};
  if (const auto* call = std::get_if<wire::LocalShellCall>(&item)) {
    const auto* exec = std::get_if<wire::LocalShellExec>(&call->action);
    return ShownCall{"local_shell", exec != nullptr ? shell_join(exec->command) : std::string(), "sh"};
  }
  if (const auto* call = std::get_if<wire::WebSearchCall>(&item)) {
    return ShownCall{"web_search", call->action ? dump_mapped(*call->action) : std::string(), "json"};
  }
  if (const auto* call = std::get_if<wire::ImageGenerationCall>(&item)) {
    return ShownCall{"image_generation", call->revised_prompt.value_or(""), ""};
  }
  return std::nullopt;
}

class Writer {
 public:
  Writer(const std::vector<wire::RolloutLine>& lines, bool reasoning)
      : reasoning_(reasoning), user_events_(has_user_events(lines)) {
    for (const auto& line : lines) {
      const auto* item = std::get_if<wire::ResponseItem>(&line.payload);
      if (item == nullptr) continue;
      if (const auto* o = std::get_if<wire::FunctionCallOutput>(item)) outputs_[o->call_id] = &o->output;
      if (const auto* o = std::get_if<wire::CustomToolCallOutput>(item)) outputs_[o->call_id] = &o->output;
    }
  }

  void line(const wire::RolloutLine& line) {
    if (const auto* event = std::get_if<wire::EventMsg>(&line.payload)) {
      std::visit([this](const auto& e) { take(e); }, static_cast<const wire::event_detail::Union&>(*event));
    } else if (const auto* item = std::get_if<wire::ResponseItem>(&line.payload)) {
      take_item(*item);
    } else if (std::holds_alternative<wire::Compacted>(line.payload)) {
      note("The history was compacted here.");
    }
  }

  std::string out;

 private:
  template <class E>
  void take(const E&) {}

  void take(const wire::event::UserMessage& e) { section("User", shown_message(e)); }
  void take(const wire::event::TurnAborted& e) { note(fmt::format("The turn ended early: {}.", to_string(e.reason))); }
  void take(const wire::event::ThreadRolledBack& e) {
    note(fmt::format("The last {} turn(s) were taken back.", e.num_turns));
  }
  void take(const wire::event::Error& e) { note("Error: " + e.message); }

  void take_item(const wire::ResponseItem& item) {
    if (const auto* message = std::get_if<wire::Message>(&item); message && message->role == "assistant") {
      section("Assistant", wire::text_of(message->content));
    } else if (auto said = user_events_ ? std::nullopt : user_text(item)) {
      section("User", *said);
    } else if (const auto* thought = std::get_if<wire::Reasoning>(&item)) {
      if (reasoning_) thoughts(*thought);
    } else if (auto call = shown_call(item)) {
      tool(*call, wire::call_id_of(item));
    }
  }

  /// One heading for messages of one speaker that follow each other.
  void section(std::string_view who, std::string_view text) {
    if (who != speaker_) out += fmt::format("\n## {}\n", who);
    speaker_ = who;
    out += fmt::format("\n{}\n", trim_end(text));
  }

  void note(std::string_view text) {
    out += fmt::format("\n*{}*\n", text);
    speaker_ = {};
  }

  void thoughts(const wire::Reasoning& reasoning) {
    for (const auto& part : reasoning.summary) {
      out += "\n";
      for (auto text : lines(std::get<wire::SummaryText>(part).text)) out += fmt::format("> {}\n", text);
    }
  }

  void tool(const ShownCall& call, std::string_view call_id) {
    constexpr std::size_t summary_length = 100;
    std::string first(
        first_code_points(lines(trim(call.input)).empty() ? "" : lines(trim(call.input))[0], summary_length));
    out += fmt::format("\n<details><summary><code>{}</code> {}</summary>\n", html_text(call.name), html_text(first));
    if (!call.input.empty()) out += "\n" + fenced(call.input, call.language);
    auto output = outputs_.find(std::string(call_id));
    if (output != outputs_.end()) out += "\n" + fenced(output_text(*output->second));
    out += "\n</details>\n";
  }

  bool reasoning_, user_events_;
  std::string_view speaker_;
  std::unordered_map<std::string, const wire::FunctionOutput*> outputs_;
};

std::string header(const store::SessionSummary& s) {
  const auto& h = s.head;
  auto first = lines(h.preview).empty() ? std::string_view("Session") : lines(h.preview)[0];
  std::string out = fmt::format("# {}\n\n", s.name.empty() ? first : s.name);
  out += fmt::format("- Session: `{}`\n", s.id);
  if (!h.started.empty()) out += fmt::format("- Started: {}\n", h.started);
  if (!h.cwd.empty()) out += fmt::format("- Folder: `{}`\n", h.cwd);
  if (!h.git_branch.empty()) out += fmt::format("- Git branch: `{}`\n", h.git_branch);
  return out;
}

}  // namespace session_export_detail

using namespace session_export_detail;

std::string session_markdown(const store::SessionSummary& session, const std::vector<wire::RolloutLine>& lines,
                             bool reasoning) {
  Writer writer(lines, reasoning);
  writer.out = header(session);
  for (const auto& line : lines) writer.line(line);
  return std::move(writer.out);
}

std::string session_json(std::string_view file, std::size_t& left_out) {
  std::string out = "[";
  for (auto raw : split(file, '\n')) {
    auto line = trim(raw);
    if (line.empty()) continue;
    auto document = parse_json(line);
    if (!document) {
      ++left_out;
      continue;
    }
    out += out.size() == 1 ? "\n" : ",\n";
    // As it stands, unless its bytes are no UTF-8: then as it was read.
    if (utf8_valid(line)) {
      out += line;
    } else {
      write_json(out, *document);
    }
  }
  return out + "\n]\n";
}

}  // namespace burin::cli
