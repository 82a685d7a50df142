#include "model/transcript.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace burin::model {

namespace transcript_detail {

constexpr std::string_view freeform_argument = "input";
constexpr std::string_view local_shell_name = "local_shell";

std::string one_member(std::string_view name, std::string_view text) {
  std::string out = "{";
  write_json_string(out, name);
  out += ':';
  write_json_string(out, text);
  return out += '}';
}

/// Servers parse the arguments of old calls; what the model wrote may be anything.
std::string object_text(std::string_view arguments) {
  if (blank(arguments)) return "{}";
  auto parsed = parse_json(arguments);
  if (!parsed || !parsed->is_object()) return one_member("invalid_arguments", arguments);
  return dump(*parsed);
}

class Builder {
 public:
  explicit Builder(Transcript& to) : to_(to) {}

  void build() {
    collect_outputs();
    for (const auto& item : to_.items) {
      std::visit([this](const auto& i) { add(i); }, static_cast<const wire::ResponseItem::Base&>(item));
    }
  }

 private:
  struct Outputs {
    std::vector<const wire::FunctionOutput*> of;  // ids may come again: each call takes the next one
    std::size_t taken = 0;
  };

  void collect_outputs() {
    for (const auto& item : to_.items) {
      if (const auto* f = std::get_if<wire::FunctionCallOutput>(&item)) outputs_[f->call_id].of.push_back(&f->output);
      if (const auto* c = std::get_if<wire::CustomToolCallOutput>(&item)) {
        outputs_[c->call_id].of.push_back(&c->output);
      }
    }
  }

  void add(const wire::Message& message) {
    bool developer = message.role == "developer" || message.role == "system";
    if (developer && to_.turns.empty()) {
      each_text(message, [this](std::string_view text) { to_.system.push_back(text); });
      return;
    }
    bool assistant = message.role == "assistant";
    for (const auto& part : message.content) {
      if (const auto* image = std::get_if<wire::InputImage>(&part)) put(assistant, image);
      with_text(part, [&](std::string_view text) { put(assistant, text); });
    }
  }
  void add(const wire::Reasoning& reasoning) { put(true, &reasoning); }
  void add(const wire::FunctionCall& call) { add_call(call.call_id, call.name, object_text(call.arguments)); }
  void add(const wire::CustomToolCall& call) {
    add_call(call.call_id, call.name, one_member(freeform_argument, call.input));
  }
  void add(const wire::LocalShellCall& call) {
    add_call(call.call_id ? *call.call_id : call.id.value_or(""), local_shell_name,
             dump_mapped(std::get<wire::LocalShellExec>(call.action)));
  }
  /// The output went with its call; what the assistant says next is another message.
  void add(const wire::FunctionCallOutput&) { closed_ = true; }
  void add(const wire::CustomToolCallOutput&) { closed_ = true; }
  template <class Other>
  void add(const Other&) {}

  void add_call(const std::string& id, std::string_view name, std::string arguments) {
    TranscriptCall call;
    call.id = unique(id);
    call.name = plain_name(name);
    call.arguments = std::move(arguments);
    if (auto it = outputs_.find(id); it != outputs_.end() && it->second.taken < it->second.of.size()) {
      call.output = it->second.of[it->second.taken++];
    }
    put(true, std::move(call));
  }

  std::string unique(std::string_view id) {
    std::string base = id.empty() ? std::string("call") : plain_name(id);
    std::string out = base;
    for (int n = 2; !ids_.insert(out).second; ++n) out = fmt::format("{}_{}", base, n);
    return out;
  }

  void put(bool assistant, TranscriptBlock block) {
    if (to_.turns.empty() || to_.turns.back().assistant != assistant || (assistant && closed_)) {
      to_.turns.push_back({.assistant = assistant, .blocks = {}});
    }
    closed_ = false;
    to_.turns.back().blocks.push_back(std::move(block));
  }

  template <class F>
  static void with_text(const wire::ContentItem& part, F&& use) {
    std::string_view text;
    if (const auto* in = std::get_if<wire::InputText>(&part)) text = in->text;
    if (const auto* out = std::get_if<wire::OutputText>(&part)) text = out->text;
    if (!blank(text)) use(text);
  }
  template <class F>
  static void each_text(const wire::Message& message, F&& use) {
    for (const auto& part : message.content) with_text(part, use);
  }

  Transcript& to_;
  std::unordered_map<std::string_view, Outputs> outputs_;
  std::unordered_set<std::string> ids_;
  bool closed_ = false;
};

std::string freeform_description(const json::value& tool) {
  std::string out(find_string(tool, "description").value_or(""));
  out += "\n\nOver this connection the tool takes one argument, the string `input`: the whole text, unchanged.";
  const auto* format = find(tool, "format");
  if (format == nullptr) return out;
  if (auto definition = find_string(*format, "definition")) {
    out += fmt::format(" It follows this grammar ({}):\n{}", find_string(*format, "syntax").value_or("grammar"),
                       *definition);
  }
  return out;
}

constexpr std::string_view freeform_parameters =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false})";

}  // namespace transcript_detail

using namespace transcript_detail;

bool TranscriptTurn::calls() const {
  return std::ranges::any_of(blocks, [](const auto& block) { return std::holds_alternative<TranscriptCall>(block); });
}

ModelResult<Transcript> read_transcript(const Prompt& prompt) {
  Transcript out;
  out.items.reserve(prompt.input.size());
  for (auto text : prompt.input) {
    auto parsed = parse_json(text);
    auto item = parsed ? wire::read_item(*parsed) : tl::unexpected(parsed.error());
    if (!item) {
      return ModelFail(ModelError{
          .cls = ErrorClass::invalid_request,
          .message = fmt::format("item {} of the history cannot be read: {}", out.items.size(), item.error().what)});
    }
    out.items.push_back(std::move(*item));
  }
  Builder(out).build();
  return out;
}

std::optional<std::string_view> marked_reasoning(const wire::Reasoning& reasoning, std::string_view wire) {
  if (!reasoning.encrypted_content) return std::nullopt;
  std::string_view text = *reasoning.encrypted_content;
  if (!text.starts_with(reasoning_mark)) return std::nullopt;
  text.remove_prefix(reasoning_mark.size());
  if (!text.starts_with(wire) || !text.substr(wire.size()).starts_with(':')) return std::nullopt;
  return text.substr(wire.size() + 1);
}

std::string plain_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return out.empty() ? "unnamed" : out;
}

std::vector<FunctionTool> function_tools(std::string_view tools) {
  std::vector<FunctionTool> out;
  auto parsed = parse_json(tools);
  if (!parsed || !parsed->is_array()) return out;
  for (const auto& tool : parsed->get_array()) {
    auto type = find_string(tool, "type");
    std::string name(find_string(tool, "name").value_or(""));
    if (type == "custom") {
      out.push_back({std::move(name), freeform_description(tool), std::string(freeform_parameters)});
    } else if (type == "function") {
      const auto* parameters = find(tool, "parameters");
      out.push_back({std::move(name), std::string(find_string(tool, "description").value_or("")),
                     parameters != nullptr ? dump(*parameters) : R"({"type":"object","properties":{}})"});
    } else {
      log(Level::debug, "model", "the tool {} is not offered over this wire", type.value_or("?"));
    }
  }
  return out;
}

CallNames::CallNames(const Prompt& prompt) {
  if (!contains(prompt.tools, "\"custom\"")) return;
  auto parsed = parse_json(prompt.tools);
  if (!parsed || !parsed->is_array()) return;
  for (const auto& tool : parsed->get_array()) {
    if (find_string(tool, "type") == "custom") freeform_.emplace_back(find_string(tool, "name").value_or(""));
  }
}

wire::ResponseItem CallNames::call(std::string id, std::string name, std::string arguments) const {
  if (std::ranges::find(freeform_, name) == freeform_.end()) {
    return wire::FunctionCall{
        .id = {}, .name = std::move(name), .arguments = std::move(arguments), .call_id = std::move(id)};
  }
  // Without the argument the text goes as it is: the tool will tell the model what is wrong with it.
  if (auto parsed = parse_json(arguments)) {
    if (auto input = find_string(*parsed, freeform_argument)) arguments = std::string(*input);
  }
  return wire::CustomToolCall{
      .id = {}, .status = {}, .call_id = std::move(id), .name = std::move(name), .input = std::move(arguments)};
}

}  // namespace burin::model
