#include "model/dialogue.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace burin::model {

namespace dialogue_detail {

constexpr std::string_view freeform_parameters =
    R"({"type":"object","properties":{"input":{"type":"string","description":"The tool's whole input, as it is."}},)"
    R"("required":["input"],"additionalProperties":false})";

class Builder {
 public:
  Builder(Dialogue& out, std::string_view seal) : out_(out), seal_(seal) {}

  void operator()(const wire::Message& message) {
    bool instruction = message.role == "developer" || message.role == "system";
    if (instruction && out_.turns.empty()) {
      for (const auto& part : message.content) add_system(text_of(part));
      return;
    }
    auto& turn = turn_of(message.role == "assistant");
    for (const auto& part : message.content) {
      if (const auto* image = std::get_if<wire::InputImage>(&part)) {
        turn.parts.emplace_back(ImagePart{image->image_url});
      } else if (auto text = text_of(part); !blank(text)) {
        turn.parts.emplace_back(TextPart{std::string(text)});
      }
    }
  }
  void operator()(const wire::FunctionCall& call) { add_call(call.call_id, call.name, call.arguments); }
  void operator()(const wire::CustomToolCall& call) {
    add_call(call.call_id, call.name, dump(json::object{{"input", call.input}}));
  }
  void operator()(const wire::LocalShellCall& call) {
    const auto* exec = std::get_if<wire::LocalShellExec>(&call.action);
    std::string id = call.call_id ? *call.call_id : call.id.value_or("");
    if (exec != nullptr) add_call(id, "local_shell", dump_mapped(*exec));
  }
  void operator()(const wire::FunctionCallOutput& output) { add_result(output.call_id, output.output); }
  void operator()(const wire::CustomToolCallOutput& output) { add_result(output.call_id, output.output); }
  void operator()(const wire::Reasoning& reasoning) {
    if (seal_.empty() || !reasoning.encrypted_content || !reasoning.encrypted_content->starts_with(seal_)) return;
    turn_of(true).parts.emplace_back(ReasoningPart{reasoning.encrypted_content->substr(seal_.size())});
  }
  template <class Other>
  void operator()(const Other&) {}

  void add_system(std::string_view text) {
    if (blank(text)) return;
    if (!out_.system.empty()) out_.system += "\n\n";
    out_.system += text;
  }

 private:
  static std::string_view text_of(const wire::ContentItem& part) {
    if (const auto* in = std::get_if<wire::InputText>(&part)) return in->text;
    if (const auto* said = std::get_if<wire::OutputText>(&part)) return said->text;
    return {};
  }
  DialogueTurn& turn_of(bool assistant) {
    if (out_.turns.empty() || out_.turns.back().assistant != assistant) out_.turns.push_back({assistant, {}});
    return out_.turns.back();
  }
  void add_call(std::string id, std::string name, std::string arguments) {
    turn_of(true).parts.emplace_back(CallPart{std::move(id), std::move(name), std::move(arguments)});
  }
  void add_result(const std::string& id, const wire::FunctionOutput& output) {
    ResultPart result{id, {}, {}};
    if (const auto* text = output.text()) result.text = *text;
    if (const auto* items = output.items()) {
      for (const auto& item : *items) {
        if (const auto* image = std::get_if<wire::InputImage>(&item)) {
          result.images.push_back({image->image_url});
        } else {
          if (!result.text.empty()) result.text += '\n';
          result.text += text_of(item);
        }
      }
    }
    auto& parts = turn_of(false).parts;
    auto after_results =
        std::ranges::find_if(parts, [](const auto& p) { return !std::holds_alternative<ResultPart>(p); });
    parts.insert(after_results, std::move(result));
  }

  Dialogue& out_;
  std::string_view seal_;
};

}  // namespace dialogue_detail

using namespace dialogue_detail;

Dialogue dialogue_of(const Prompt& prompt, std::string_view seal) {
  Dialogue out;
  Builder builder(out, seal);
  builder.add_system(prompt.instructions);
  for (auto text : prompt.input) {
    auto value = parse_json(text);
    auto item = value ? wire::read_item(*value) : tl::unexpected(value.error());
    if (!item) {
      log(Level::warn, "model", "an item of the history is left out: {}", item.error().what);
      continue;
    }
    std::visit(builder, *item);
  }
  std::erase_if(out.turns, [](const DialogueTurn& turn) { return turn.parts.empty(); });
  return out;
}

std::vector<PlainTool> plain_tools(const Prompt& prompt) {
  std::vector<PlainTool> out;
  auto tools = parse_json(prompt.tools);
  if (!tools || !tools->is_array()) return out;
  for (const auto& tool : tools->get_array()) {
    auto type = find_string(tool, "type").value_or("");
    PlainTool plain{std::string(find_string(tool, "name").value_or("")),
                    std::string(find_string(tool, "description").value_or("")),
                    {}};
    if (type == "function") {
      const auto* parameters = find(tool, "parameters");
      plain.parameters = parameters != nullptr ? dump(*parameters) : R"({"type":"object","properties":{}})";
    } else if (type == "custom") {
      plain.freeform = true;
      plain.parameters = freeform_parameters;
      // The grammar is all that tells the model how to write the input.
      if (const auto* format = find(tool, "format")) {
        if (auto grammar = find_string(*format, "definition")) {
          plain.description += fmt::format("\n\nThe input follows this grammar:\n{}", *grammar);
        }
      }
    } else {
      continue;
    }
    out.push_back(std::move(plain));
  }
  return out;
}

wire::ResponseItem call_item(const std::vector<PlainTool>& tools, std::string call_id, std::string name,
                             std::string arguments) {
  auto tool = std::ranges::find(tools, name, &PlainTool::name);
  if (tool == tools.end() || !tool->freeform) {
    if (blank(arguments)) arguments = "{}";
    return wire::FunctionCall{
        .name = std::move(name), .arguments = std::move(arguments), .call_id = std::move(call_id)};
  }
  auto value = parse_json(arguments);
  auto input = value ? find_string(*value, "input") : std::nullopt;
  // A model that wrote the input itself instead of an object meant just that.
  wire::CustomToolCall call{.call_id = std::move(call_id),
                            .name = std::move(name),
                            .input = input ? std::string(*input) : std::move(arguments)};
  call.status = "completed";
  return call;
}

wire::ResponseItem message_item(std::string id, std::string text) {
  wire::Message message;
  message.id = std::move(id);
  message.role = "assistant";
  if (!text.empty()) message.content.emplace_back(wire::OutputText{std::move(text)});
  return message;
}

wire::ResponseItem reasoning_item(std::string id, std::string text, std::optional<std::string> sealed) {
  wire::Reasoning reasoning;
  reasoning.id = std::move(id);
  if (!text.empty()) reasoning.content.parts.emplace().emplace_back(wire::ReasoningText{std::move(text)});
  if (sealed) reasoning.encrypted_content = std::move(*sealed);
  return reasoning;
}

bool sealed_for_others(std::string_view item_json) {
  constexpr std::string_view head = R"({"type":"reasoning")";
  static const std::string mark = fmt::format(R"("encrypted_content":"{})", sealed_reasoning);
  return item_json.starts_with(head) && contains(item_json, mark);
}

}  // namespace burin::model
