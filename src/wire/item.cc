#include "wire/item.h"

namespace burin::mapping {

namespace item_detail {

bool has_reasoning_text(const std::vector<wire::ReasoningContentItem>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const auto& part) { return std::holds_alternative<wire::ReasoningText>(part); });
}

}  // namespace item_detail

bool As<wire::ReasoningContent>::read(wire::ReasoningContent& out, const json::value& v, Bad& bad) {
  return As<decltype(out.parts)>::read(out.parts, v, bad);
}
void As<wire::ReasoningContent>::write(std::string& out, const wire::ReasoningContent& value) {
  write_mapped(out, value.parts);
}
bool As<wire::ReasoningContent>::empty(const wire::ReasoningContent& value) {
  return value.parts && !item_detail::has_reasoning_text(*value.parts);
}

bool As<wire::FunctionOutput>::read(wire::FunctionOutput& out, const json::value& v, Bad& bad) {
  if (const auto* text = v.if_string()) {
    out.body.emplace<std::string>(text->data(), text->size());
    return true;
  }
  if (!v.is_array()) return bad.wrong_type(v, "a string or a sequence");
  auto& parts = out.body.emplace<std::vector<wire::ContentItem>>();
  if (!As<std::vector<wire::ContentItem>>::read(parts, v, bad)) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (std::holds_alternative<wire::OutputText>(parts[i])) {
      return unknown_variant(bad, "output_text", {"input_text", "input_image"}), bad.in_element(i);
    }
  }
  return true;
}
void As<wire::FunctionOutput>::write(std::string& out, const wire::FunctionOutput& value) {
  std::visit([&out](const auto& body) { write_mapped(out, body); }, value.body);
}

}  // namespace burin::mapping

namespace burin::wire {

namespace item_detail {

struct Traits {
  bool call = false, output = false, generated = false;
};

/// Indexed by the alternatives of ResponseItem.
constexpr Traits kTraits[] = {
    {},                                 // Unknown
    {},                                 // Message: by role
    {.generated = true},                // Reasoning
    {.call = true, .generated = true},  // LocalShellCall
    {.call = true, .generated = true},  // FunctionCall
    {.output = true},                   // FunctionCallOutput
    {.call = true, .generated = true},  // CustomToolCall
    {.output = true},                   // CustomToolCallOutput
    {.generated = true},                // WebSearchCall
    {.generated = true},                // ImageGenerationCall
    {},                                 // GhostSnapshot
    {.generated = true},                // Compaction
};
static_assert(std::size(kTraits) == std::variant_size_v<ResponseItem::Base>);

inline std::string_view text(const std::string& s) { return s; }
inline std::string_view text(const std::optional<std::string>& s) { return s ? std::string_view(*s) : ""; }

}  // namespace item_detail

Result<ResponseItem> read_item(const json::value& value) { return read_mapped<ResponseItem>(value); }
void write_item(std::string& out, const ResponseItem& item) { write_mapped(out, item); }
std::string dump_item(const ResponseItem& item) { return dump_mapped(item); }

std::string_view item_type(const ResponseItem& item) { return tag_of(item); }
bool is_call(const ResponseItem& item) { return item_detail::kTraits[item.index()].call; }
bool is_output(const ResponseItem& item) { return item_detail::kTraits[item.index()].output; }

bool is_model_generated(const ResponseItem& item) {
  return item_detail::kTraits[item.index()].generated || role_of(item) == "assistant";
}

std::string_view call_id_of(const ResponseItem& item) {
  if (const auto* local = std::get_if<LocalShellCall>(&item)) {
    return local->call_id ? std::string_view(*local->call_id) : item_detail::text(local->id);
  }
  return std::visit(
      [](const auto& alternative) -> std::string_view {
        if constexpr (requires { alternative.call_id; }) {
          return item_detail::text(alternative.call_id);
        } else {
          return {};
        }
      },
      static_cast<const ResponseItem::Base&>(item));
}

std::string_view item_id(const ResponseItem& item) {
  return std::visit(
      [](const auto& alternative) -> std::string_view {
        if constexpr (requires { alternative.id; }) {
          return item_detail::text(alternative.id);
        } else {
          return {};
        }
      },
      static_cast<const ResponseItem::Base&>(item));
}

std::string_view role_of(const ResponseItem& item) {
  const auto* message = std::get_if<Message>(&item);
  return message != nullptr ? std::string_view(message->role) : std::string_view();
}

Message make_message(std::string role, std::string text) {
  Message out;
  if (role == "assistant") {
    out.content.emplace_back(OutputText{std::move(text)});
  } else {
    out.content.emplace_back(InputText{std::move(text)});
  }
  out.role = std::move(role);
  return out;
}

std::string text_of(const std::vector<ContentItem>& content) {
  std::string out;
  for (const auto& part : content) {
    if (const auto* input = std::get_if<InputText>(&part)) out += input->text;
    if (const auto* output = std::get_if<OutputText>(&part)) out += output->text;
  }
  return out;
}

}  // namespace burin::wire
