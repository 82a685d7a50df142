#include "context/history.h"

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "context/fragments.h"
#include "context/selection.h"
#include "context/truncate.h"

namespace burin::context {

namespace history_detail {

constexpr std::string_view no_image_text = "image content omitted because you do not support image input";

/// Our own JSON, back as an item.
wire::ResponseItem read_back(const std::string& json) {
  auto document = parse_json(json);
  auto item = document ? wire::read_item(*document) : Result<wire::ResponseItem>(tl::unexpected(document.error()));
  if (!item) log(Level::error, "context", "an item of the history cannot be read back: {}", item.error().text());
  return item ? *std::move(item) : wire::ResponseItem();
}

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

constexpr std::string_view invalid_image_text = "Invalid image";
constexpr std::string_view removed_image_text =
    "[An image was here. It was left out because the API could not read it; ask for it again in another format.]";

/// Puts `text` in the place of the images that `chosen` picks by their number within the item.
template <class Chosen>
void replace_images(wire::ResponseItem& item, std::string_view text, Chosen chosen) {
  std::size_t number = 0;
  auto replace = [&](std::vector<wire::ContentItem>& parts) {
    for (auto& part : parts) {
      if (std::holds_alternative<wire::InputImage>(part) && chosen(number++)) part = wire::InputText{std::string(text)};
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
  auto item = read_back(json);
  replace_images(item, text, [](std::size_t) { return true; });
  return wire::dump_item(item);
}

std::string_view placeholder(const HistoryItem& item) {
  return item.output() ? invalid_image_text : removed_image_text;
}

std::size_t count_images(const wire::ResponseItem& item) {
  auto count = [](const std::vector<wire::ContentItem>* parts) {
    return parts == nullptr ? 0 : static_cast<std::size_t>(std::count_if(parts->begin(), parts->end(), [](auto& part) {
      return std::holds_alternative<wire::InputImage>(part);
    }));
  };
  if (const auto* m = std::get_if<wire::Message>(&item)) return count(&m->content);
  if (const auto* o = std::get_if<wire::FunctionCallOutput>(&item)) return count(o->output.items());
  if (const auto* o = std::get_if<wire::CustomToolCallOutput>(&item)) return count(o->output.items());
  return std::holds_alternative<wire::ImageGenerationCall>(item) ? 1 : 0;
}

/// The user message that stands for a generated image (context.md 8.6).
std::string image_message(const std::string& json) {
  auto item = read_back(json);
  std::string url;
  if (auto* image = std::get_if<wire::ImageGenerationCall>(&item)) url = std::move(image->result);
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

/// Kind, ids and counts of an item, without its JSON; false for what is never recorded.
bool describe(const wire::ResponseItem& item, HistoryItem& out) {
  out.counts.generated = wire::is_model_generated(item);
  out.id = wire::item_id(item);
  if (const auto* m = std::get_if<wire::Message>(&item)) {
    if (m->role == "system") return false;
    out.kind = ItemKind::message;
    out.counts.user = m->role == "user";
    out.developer = m->role == "developer";
    out.contextual = out.counts.user && is_contextual(*m);
    out.has_image = any_image(m->content);
  } else if (const auto* r = std::get_if<wire::Reasoning>(&item)) {
    out.kind = ItemKind::reasoning;
    out.counts.encrypted_reasoning = r->encrypted_content.has_value();
  } else if (const auto* c = std::get_if<wire::FunctionCall>(&item)) {
    out.kind = ItemKind::function_call;
    out.call_id = c->call_id;
  } else if (const auto* l = std::get_if<wire::LocalShellCall>(&item)) {
    out.kind = ItemKind::local_shell_call;
    out.call_id = l->call_id.value_or("");
  } else if (const auto* x = std::get_if<wire::CustomToolCall>(&item)) {
    out.kind = ItemKind::custom_call;
    out.call_id = x->call_id;
  } else if (const auto* o = std::get_if<wire::FunctionCallOutput>(&item)) {
    out.kind = ItemKind::function_output;
    out.call_id = o->call_id;
    out.has_image = output_has_image(o->output);
  } else if (const auto* co = std::get_if<wire::CustomToolCallOutput>(&item)) {
    out.kind = ItemKind::custom_output;
    out.call_id = co->call_id;
    out.has_image = output_has_image(co->output);
  } else if (std::holds_alternative<wire::WebSearchCall>(item)) {
    out.kind = ItemKind::web_search;
  } else if (std::holds_alternative<wire::ImageGenerationCall>(item)) {
    out.kind = ItemKind::image_generation;
    out.id.clear();  // part of the item, not beside it
    out.has_image = true;
  } else if (std::holds_alternative<wire::GhostSnapshot>(item)) {
    out.kind = ItemKind::ghost_snapshot;
  } else if (std::holds_alternative<wire::Compaction>(item)) {
    out.kind = ItemKind::compaction;
  } else {
    return false;
  }
  return true;
}

/// Whether the structured output of this call is re-rendered.
bool reshapes(const wire::ResponseItem& item) {
  if (const auto* c = std::get_if<wire::FunctionCall>(&item)) return reshaping_name(c->name);
  if (const auto* l = std::get_if<wire::LocalShellCall>(&item)) return l->call_id.has_value();
  const auto* x = std::get_if<wire::CustomToolCall>(&item);
  return x != nullptr && x->name == "apply_patch";
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

wire::ResponseItem item_of(const HistoryItem& item) { return read_back(item.json); }

void History::index(const HistoryItem& item) {
  switch (item.kind) {
    case ItemKind::function_call:
      calls_[item.call_id].function_call = true;
      break;
    case ItemKind::local_shell_call:
      if (!item.call_id.empty()) calls_[item.call_id].local_shell_call = true;
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

/// A call's output may be re-rendered only when the call came before it.
std::string History::freeform_of(const HistoryItem& output, const wire::FunctionOutput& body) const {
  const auto* text = body.text();
  auto it = calls_.find(output.call_id);
  if (text == nullptr || it == calls_.end() || !it->second.reshapes) return {};
  auto freeform = freeform_of_structured(*text);
  if (!freeform) return {};
  wire::FunctionOutput rendered{*std::move(freeform), std::nullopt};
  if (output.kind == ItemKind::custom_output) {
    return wire::dump_item(wire::CustomToolCallOutput{.call_id = output.call_id, .output = std::move(rendered)});
  }
  return wire::dump_item(wire::FunctionCallOutput{.call_id = output.call_id, .output = std::move(rendered)});
}

bool History::record(const wire::ResponseItem& item, const wire::TruncationPolicy& policy) {
  HistoryItem facts;
  if (!describe(item, facts)) return false;
  if (!facts.output()) {
    add(item, std::move(facts));
    return true;
  }
  auto cut = item;
  if (auto* o = std::get_if<wire::FunctionCallOutput>(&cut)) fit_output(o->output, history_policy(policy));
  if (auto* o = std::get_if<wire::CustomToolCallOutput>(&cut)) fit_output(o->output, history_policy(policy));
  add(cut, std::move(facts));
  return true;
}

void History::add(const wire::ResponseItem& item, HistoryItem facts) {
  scratch_.clear();
  wire::write_item(scratch_, item);
  facts.json = scratch_;  // with no more room than it needs
  if (const auto* o = std::get_if<wire::FunctionCallOutput>(&item)) facts.freeform = freeform_of(facts, o->output);
  if (const auto* o = std::get_if<wire::CustomToolCallOutput>(&item)) facts.freeform = freeform_of(facts, o->output);
  facts.digest = hash64(facts.json);
  facts.counts.tokens = tokens_of_bytes(estimate_bytes(item, facts.json.size()));
  tally_.add(facts.counts);
  index(facts);
  if (reshapes(item)) calls_[facts.call_id].reshapes = true;
  items_.push_back(std::move(facts));
}

void History::replace(const std::vector<wire::ResponseItem>& items) {
  clear();
  for (const auto& item : items) {
    HistoryItem facts;
    if (describe(item, facts)) add(item, std::move(facts));
  }
}

bool History::orphan(const HistoryItem& item, const CallState& call) const {
  if (item.kind == ItemKind::function_output) return !call.function_call && !call.local_shell_call;
  return item.kind == ItemKind::custom_output && !call.custom_call;
}

namespace history_detail {

/// Collects the parts of a view.
class ViewBuilder {
 public:
  ViewBuilder(const ViewOptions& options, std::size_t size) : options_(options) {
    view_.input.reserve(size + 8);
    view_.ids.reserve(size + 8);
    view_.digests.reserve(size + 8);
  }

  void item(std::size_t index, const HistoryItem& item) {
    if (item.has_image && options_.hide != nullptr && hides(index)) {
      made(with_hidden(index, item));
    } else if (item.kind == ItemKind::image_generation) {
      auto message = image_message(item.json);
      made(options_.images ? std::move(message) : without_images(message, no_image_text));
    } else if (item.has_image && !options_.images) {
      made(without_images(item.json, no_image_text));
    } else if (options_.freeform_patch && !item.freeform.empty()) {
      stored(item.freeform, {}, ~item.digest);
    } else {
      stored(item.json, item.id, item.digest);
    }
  }
  void made(std::string json) {
    view_.owned.push_back(std::move(json));
    const auto& text = view_.owned.back();
    stored(text, {}, hash64(text));
  }
  PromptView take() { return std::move(view_); }

 private:
  void stored(std::string_view json, std::string_view id, std::uint64_t digest) {
    view_.input.push_back(json);
    view_.ids.push_back(id);
    view_.digests.push_back(digest);
  }
  bool hides(std::size_t index) const {
    auto it = std::lower_bound(options_.hide->begin(), options_.hide->end(), ImageRef{index, 0});
    return it != options_.hide->end() && it->item == index;
  }
  std::string with_hidden(std::size_t index, const HistoryItem& item) const {
    auto whole = read_back(item.kind == ItemKind::image_generation ? image_message(item.json) : item.json);
    replace_images(whole, placeholder(item), [&](std::size_t image) {
      return std::binary_search(options_.hide->begin(), options_.hide->end(), ImageRef{index, image});
    });
    auto json = wire::dump_item(whole);
    return options_.images ? json : without_images(json, no_image_text);
  }

  const ViewOptions& options_;
  PromptView view_;
};

}  // namespace history_detail

PromptView History::view(const ViewOptions& options) const {
  ViewBuilder out(options, items_.size());
  // A selection has its own answer to which calls and outputs are there.
  History selected;
  if (options.only != nullptr) {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (options.only->holds(i)) selected.index(items_[i]);
    }
  }
  const auto& calls = options.only != nullptr ? selected.calls_ : calls_;
  static const CallState none;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& item = items_[i];
    if (item.kind == ItemKind::ghost_snapshot || (options.only != nullptr && !options.only->holds(i))) continue;
    if (!item.call() && !item.output()) {
      out.item(i, item);
      continue;
    }
    auto it = calls.find(item.call_id);
    const CallState& call = it != calls.end() ? it->second : none;
    if (orphan(item, call)) {
      log(Level::error, "context", "left out an output without call: {}", item.call_id);
      continue;
    }
    out.item(i, item);
    bool missing = (item.kind == ItemKind::function_call && !call.function_output) ||
                   (item.kind == ItemKind::custom_call && !call.custom_output) ||
                   (item.kind == ItemKind::local_shell_call && !item.call_id.empty() && !call.function_output);
    if (missing) {
      auto level = item.kind == ItemKind::function_call ? Level::info : Level::error;
      log(level, "context", "supplied the missing output of call {}", item.call_id);
      out.made(aborted_output(item.kind, item.call_id));
    }
  }
  return out.take();
}

std::vector<ImageRef> History::suspect_images() const {
  std::vector<ImageRef> all, fresh;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!items_[i].has_image) continue;
    auto count = count_images(item_of(items_[i]));
    for (std::size_t n = 0; n < count; ++n) {
      all.push_back({i, n});
      if (i >= accepted_) fresh.push_back({i, n});
    }
  }
  return fresh.empty() ? all : fresh;
}

void History::remove_image(const ImageRef& ref) {
  auto& item = items_.at(ref.item);
  auto whole = read_back(item.kind == ItemKind::image_generation ? image_message(item.json) : item.json);
  replace_images(whole, placeholder(item), [&](std::size_t image) { return image == ref.image; });
  if (item.kind == ItemKind::image_generation) item.kind = ItemKind::message;
  item.json = wire::dump_item(whole);
  item.digest = hash64(item.json);
  item.has_image = count_images(whole) > 0;
  item.counts.tokens = tokens_of_bytes(estimate_bytes(whole, item.json.size()));
  count_again();
}

void History::put_back(std::size_t index, HistoryItem original) {
  items_.at(index) = std::move(original);
  count_again();
}

void History::count_again() {
  tally_ = {};
  for (const auto& item : items_) tally_.add(item.counts);
}

void History::drop_last_user_turns(std::size_t n) {
  if (n == 0) return;
  std::optional<std::size_t> cut;
  for (std::size_t i = items_.size(); i-- > 0;) {
    if (!items_[i].real_user()) continue;
    cut = i;
    if (--n == 0) break;
  }
  if (!cut) return;
  items_.resize(*cut);
  accepted_ = std::min(accepted_, *cut);
  // Calls may have lost their outputs and the reverse: the index is made anew, the re-rendering marks stay.
  auto old = std::move(calls_);
  calls_.clear();
  count_again();
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
  tally_ = {};
  accepted_ = 0;
}

}  // namespace burin::context
