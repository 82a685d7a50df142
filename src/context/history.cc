#include "context/history.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "context/fragments.h"
#include "context/truncate.h"

namespace burin::context {

namespace history_detail {

constexpr std::string_view no_image_text = "image content omitted because you do not support image input";

bool any_image(const std::vector<wire::ContentItem>& content) {
  for (const auto& part : content) {
    if (std::holds_alternative<wire::InputImage>(part)) return true;
  }
  return false;
}

bool reshaping_name(std::string_view name) {
  return name == "shell" || name == "container.exec" || name == "apply_patch";
}

void fit_output(wire::FunctionOutput& output, const wire::TruncationPolicy& policy) {
  if (auto* text = output.text()) {
    if (text->size() > static_cast<std::uint64_t>(byte_budget(policy))) *text = truncate(*text, policy);
  } else if (auto* items = output.items()) {
    *items = truncate_items(std::move(*items), policy);
  }
}

bool output_has_image(const wire::FunctionOutput& output) {
  const auto* items = output.items();
  return items != nullptr && any_image(*items);
}

/// Replaces images by `text` in an item that was read back from its JSON.
void replace_images(wire::ResponseItem& item, std::string_view text) {
  auto replace = [&](std::vector<wire::ContentItem>& parts) {
    for (auto& part : parts) {
      if (std::holds_alternative<wire::InputImage>(part)) part = wire::InputText{std::string(text)};
    }
  };
  auto replace_output = [&](wire::FunctionOutput& output) {
    if (auto* items = output.items()) replace(*items);
  };
  if (auto* m = std::get_if<wire::Message>(&item)) replace(m->content);
  if (auto* o = std::get_if<wire::FunctionCallOutput>(&item)) replace_output(o->output);
  if (auto* o = std::get_if<wire::CustomToolCallOutput>(&item)) replace_output(o->output);
}

std::string without_images(const std::string& json, std::string_view text) {
  auto document = parse_json(json);
  auto item = document ? wire::read_item(*document) : Result<wire::ResponseItem>(tl::unexpected(document.error()));
  if (!item) return json;
  replace_images(*item, text);
  return wire::dump_item(*item);
}

/// The user message that stands for a generated image (context.md 8.6).
std::string image_message(const std::string& json) {
  auto document = parse_json(json);
  std::string url;
  if (document) url = std::string(find_string(*document, "result").value_or(""));
  if (!url.starts_with("data:")) url = "data:image/png;base64," + url;
  wire::Message m;
  m.role = "user";
  m.content.push_back(wire::InputImage{.image_url = std::move(url)});
  return wire::dump_item(wire::ResponseItem(std::move(m)));
}

std::string aborted_output(ItemKind kind, const std::string& call_id) {
  std::string out = kind == ItemKind::custom_call ? R"({"type":"custom_tool_call_output","call_id":)"
                                                  : R"({"type":"function_call_output","call_id":)";
  write_json_string(out, call_id);
  out += R"(,"output":"aborted"})";
  return out;
}

}  // namespace history_detail

using namespace history_detail;

std::optional<std::string> freeform_of_structured(std::string_view output) {
  if (!output.starts_with('{')) return std::nullopt;
  auto document = parse_json(output);
  if (!document) return std::nullopt;
  auto text = find_string(*document, "output");
  const auto* metadata = find_object(*document, "metadata");
  if (!text || metadata == nullptr) return std::nullopt;
  json::value m(*metadata);
  auto code = find_int(m, "exit_code");
  auto seconds = find_double(m, "duration_seconds");
  if (!code || !seconds) return std::nullopt;
  std::string_view body = *text;
  constexpr std::string_view header = "Total output lines: ";
  std::string total;
  if (body.starts_with(header)) {
    auto end = body.find("\n\n");
    if (end != std::string_view::npos && parse_uint(body.substr(header.size(), end - header.size()))) {
      total = std::string(body.substr(0, end)) + "\n";
      body.remove_prefix(end + 2);
    }
  }
  return fmt::format("Exit code: {}\nWall time: {} seconds\n{}Output:\n{}", *code,
                     shortest_float(static_cast<float>(*seconds)), total, body);
}

void History::index(const HistoryItem& item) {
  if (item.call_id.empty() && item.kind != ItemKind::function_output && item.kind != ItemKind::custom_output) {
    if (item.kind == ItemKind::local_shell_call) return;
  }
  switch (item.kind) {
    case ItemKind::function_call:
      calls_[item.call_id].function_call = true;
      break;
    case ItemKind::local_shell_call:
      calls_[item.call_id].local_shell_call = true;
      break;
    case ItemKind::custom_call:
      calls_[item.call_id].custom_call = true;
      break;
    case ItemKind::function_output:
      calls_[item.call_id].function_output = true;
      break;
    case ItemKind::custom_output:
      calls_[item.call_id].custom_output = true;
      break;
    default:
      break;
  }
}

bool History::record(const wire::ResponseItem& item, const wire::TruncationPolicy& policy) {
  HistoryItem h;
  const auto cut = history_policy(policy);
  // A call's output may be re-rendered only when the call came before it.
  auto render = [&](const std::string& call_id, const wire::FunctionOutput& output, bool custom) {
    const auto* text = output.text();
    auto it = calls_.find(call_id);
    if (text == nullptr || it == calls_.end() || !it->second.reshapes) return;
    auto freeform = freeform_of_structured(*text);
    if (!freeform) return;
    wire::ResponseItem rendered =
        custom ? wire::ResponseItem(wire::CustomToolCallOutput{.call_id = call_id, .output = {*freeform, std::nullopt}})
               : wire::ResponseItem(wire::FunctionCallOutput{.call_id = call_id, .output = {*freeform, std::nullopt}});
    h.freeform = wire::dump_item(rendered);
  };
  if (const auto* m = std::get_if<wire::Message>(&item)) {
    if (m->role == "system") return false;
    h.kind = ItemKind::message;
    h.user = m->role == "user";
    h.contextual = h.user && is_contextual(*m);
    h.has_image = any_image(m->content);
    h.id = m->id.value_or("");
  } else if (const auto* r = std::get_if<wire::Reasoning>(&item)) {
    h.kind = ItemKind::reasoning;
    h.id = r->id;
  } else if (const auto* c = std::get_if<wire::FunctionCall>(&item)) {
    h.kind = ItemKind::function_call;
    h.call_id = c->call_id;
    h.id = c->id.value_or("");
    if (reshaping_name(c->name)) calls_[c->call_id].reshapes = true;
  } else if (const auto* l = std::get_if<wire::LocalShellCall>(&item)) {
    h.kind = ItemKind::local_shell_call;
    h.call_id = l->call_id.value_or("");
    h.id = l->id.value_or("");
    if (!h.call_id.empty()) calls_[h.call_id].reshapes = true;
  } else if (const auto* x = std::get_if<wire::CustomToolCall>(&item)) {
    h.kind = ItemKind::custom_call;
    h.call_id = x->call_id;
    h.id = x->id.value_or("");
    if (x->name == "apply_patch") calls_[x->call_id].reshapes = true;
  } else if (const auto* o = std::get_if<wire::FunctionCallOutput>(&item)) {
    auto copy = *o;
    fit_output(copy.output, cut);
    h.kind = ItemKind::function_output;
    h.call_id = copy.call_id;
    h.has_image = output_has_image(copy.output);
    render(copy.call_id, copy.output, false);
    h.json = wire::dump_item(wire::ResponseItem(std::move(copy)));
  } else if (const auto* co = std::get_if<wire::CustomToolCallOutput>(&item)) {
    auto copy = *co;
    fit_output(copy.output, cut);
    h.kind = ItemKind::custom_output;
    h.call_id = copy.call_id;
    h.has_image = output_has_image(copy.output);
    render(copy.call_id, copy.output, true);
    h.json = wire::dump_item(wire::ResponseItem(std::move(copy)));
  } else if (const auto* w = std::get_if<wire::WebSearchCall>(&item)) {
    h.kind = ItemKind::web_search;
    h.id = w->id.value_or("");
  } else if (std::holds_alternative<wire::ImageGenerationCall>(item)) {
    h.kind = ItemKind::image_generation;
    h.has_image = true;
  } else if (std::holds_alternative<wire::GhostSnapshot>(item)) {
    h.kind = ItemKind::ghost_snapshot;
  } else if (std::holds_alternative<wire::Compaction>(item)) {
    h.kind = ItemKind::compaction;
  } else {
    return false;
  }
  if (h.json.empty()) h.json = wire::dump_item(item);
  index(h);
  items_.push_back(std::move(h));
  return true;
}

PromptView History::view(const ViewOptions& options) const {
  PromptView v;
  v.input.reserve(items_.size() + 8);
  v.ids.reserve(items_.size() + 8);
  auto add = [&](std::string_view json, std::string_view id) {
    v.input.push_back(json);
    v.ids.push_back(id);
  };
  auto add_owned = [&](std::string json) {
    v.owned.push_back(std::move(json));
    add(v.owned.back(), {});
  };
  static const CallState none;
  for (const auto& item : items_) {
    auto it = calls_.find(item.call_id);
    const CallState& call = it != calls_.end() ? it->second : none;
    switch (item.kind) {
      case ItemKind::ghost_snapshot:
        continue;
      case ItemKind::function_output:
        if (!call.function_call && !call.local_shell_call) {
          log(Level::error, "context", "dropped an output without call: {}", item.call_id);
          continue;
        }
        break;
      case ItemKind::custom_output:
        if (!call.custom_call) {
          log(Level::error, "context", "dropped a custom output without call: {}", item.call_id);
          continue;
        }
        break;
      case ItemKind::image_generation: {
        auto message = image_message(item.json);
        add_owned(options.images ? std::move(message) : without_images(message, no_image_text));
        continue;
      }
      default:
        break;
    }
    if (item.has_image && !options.images) {
      add_owned(without_images(item.json, no_image_text));
    } else if (options.freeform_patch && !item.freeform.empty()) {
      add(item.freeform, {});
    } else {
      add(item.json, item.id);
    }
    bool missing = (item.kind == ItemKind::function_call && !call.function_output) ||
                   (item.kind == ItemKind::custom_call && !call.custom_output) ||
                   (item.kind == ItemKind::local_shell_call && !item.call_id.empty() && !call.function_output);
    if (missing) {
      auto level = item.kind == ItemKind::function_call ? Level::info : Level::error;
      log(level, "context", "supplied the missing output of call {}", item.call_id);
      add_owned(aborted_output(item.kind, item.call_id));
    }
  }
  return v;
}

bool History::drop_last_tool_images() {
  for (auto it = items_.rbegin(); it != items_.rend(); ++it) {
    if (it->kind == ItemKind::message && it->user) return false;
    if (it->kind != ItemKind::function_output) continue;
    if (!it->has_image) return false;
    it->json = without_images(it->json, "Invalid image");
    it->has_image = false;
    return true;
  }
  return false;
}

void History::drop_last_user_turns(std::size_t n) {
  if (n == 0) return;
  std::optional<std::size_t> cut;
  for (std::size_t i = items_.size(); i-- > 0;) {
    if (!items_[i].user || items_[i].contextual) continue;
    cut = i;
    if (--n == 0) break;
  }
  if (!cut) return;
  items_.resize(*cut);
  // Calls may have lost their outputs and the reverse: the index is made anew, the re-rendering marks stay.
  auto old = std::move(calls_);
  calls_.clear();
  for (const auto& item : items_) {
    index(item);
    if (auto it = old.find(item.call_id); it != old.end() && !item.call_id.empty()) {
      calls_[item.call_id].reshapes = it->second.reshapes;
    }
  }
}

void History::clear() {
  items_.clear();
  calls_.clear();
}

}  // namespace burin::context
