#include "context/compaction.h"

#include <algorithm>

#include "base/text.h"
#include "context/fragments.h"
#include "context/truncate.h"
#include "prompts.h"

namespace burin::context {

namespace compaction_detail {

/// What a summary message costs beside its text, and the least that makes one worth having.
constexpr std::int64_t envelope_bytes = 96;
constexpr std::int64_t least_summary_tokens = 32;

/// The prefix that the reference puts before its summaries.
struct ForeignPrefix {
  std::string_view begin = "Another language model started to solve this problem";
  std::size_t size = 399;
  std::string_view sha256 = "e9b088e794a6bb9082ac053fcc760bd818d7e720ee4bcdc72c6e480de7b7cb0e";
};

bool has_foreign_prefix(std::string_view text) {
  constexpr ForeignPrefix prefix;
  if (text.size() <= prefix.size || text[prefix.size] != '\n' || !text.starts_with(prefix.begin)) return false;
  auto digest = sha256(text.substr(0, prefix.size));
  return hex({reinterpret_cast<const char*>(digest.data()), digest.size()}) == prefix.sha256;
}

bool is_image(const wire::ContentItem& part) { return std::holds_alternative<wire::InputImage>(part); }
bool is_open_tag(std::string_view text) {
  return text == "<image>" || (text.starts_with("<image name=") && text.ends_with(">"));
}

/// What the user typed: all texts in one, without the tags around images (context.md 4.7).
std::string typed_text(const wire::Message& message) {
  std::string out;
  const auto& parts = message.content;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto* text = std::get_if<wire::InputText>(&parts[i]);
    if (text == nullptr) continue;
    if (is_open_tag(text->text) && i + 1 < parts.size() && is_image(parts[i + 1])) continue;
    if (text->text == "</image>" && i > 0 && is_image(parts[i - 1])) continue;
    out += text->text;
  }
  return out;
}

wire::ResponseItem user_text(std::string text) { return *text_message("user", {std::move(text)}); }

std::int64_t tokens_of(const wire::ResponseItem& item) {
  return tokens_of_bytes(estimate_bytes(item, wire::dump_item(item).size()));
}

const wire::Message* summary_message(const wire::ResponseItem& item) {
  if (!is_real_user_message(item)) return nullptr;
  const auto* message = std::get_if<wire::Message>(&item);
  return is_summary(typed_text(*message)) ? message : nullptr;
}

/// The user's messages, newest first: the newest as it is, of the others the text.
struct UserMessages {
  std::optional<wire::ResponseItem> newest;
  std::vector<std::string> older;
};

/// Takes texts while the budget lasts; the one that exceeds it is cut and ends the selection (context.md 7.4).
UserMessages user_messages(const History& history) {
  UserMessages out;
  std::int64_t left = CompactionRoom::user_messages;
  for (auto it = history.items().rbegin(); it != history.items().rend() && left > 0; ++it) {
    if (!it->real_user()) continue;
    auto item = item_of(*it);
    auto text = typed_text(std::get<wire::Message>(item));
    if (is_summary(text)) continue;
    auto tokens = tokens_of_bytes(static_cast<std::int64_t>(text.size()));
    if (!out.newest) {
      out.newest = std::move(item);
    } else {
      if (tokens > left) text = truncate(text, {wire::TruncationMode::tokens, left});
      out.older.push_back(std::move(text));
    }
    left -= std::min(tokens, left);
  }
  return out;
}

/// The summary cut so that its message costs at most `tokens`.
std::string fit_summary(std::string_view summary, std::int64_t tokens) {
  auto cost = [](const std::string& text) { return tokens_of(user_text(text)); };
  auto text = fmt::format("{}\n{}", summary_prefix(), summary);
  auto budget = tokens * 4 - envelope_bytes - static_cast<std::int64_t>(summary_prefix().size());
  // Escapes make JSON longer than the text: the budget shrinks until the message fits; a bare marker always does.
  for (auto over = cost(text) - tokens; over > 0; budget -= std::max<std::int64_t>(over * 4, 16)) {
    budget = std::max<std::int64_t>(budget, 0);
    text = fmt::format("{}\n{}", summary_prefix(), truncate(summary, {wire::TruncationMode::bytes, budget}));
    over = cost(text) - tokens;
    if (budget == 0) break;
  }
  return text;
}

void append_snapshots(const History& history, std::vector<wire::ResponseItem>& items) {
  for (const auto& item : history.items()) {
    if (item.kind == ItemKind::ghost_snapshot) items.push_back(item_of(item));
  }
}

void insert_context(std::vector<wire::ResponseItem>& items, const std::vector<wire::ResponseItem>& context) {
  if (context.empty()) return;
  auto at = items.begin() + static_cast<std::ptrdiff_t>(insertion_point(items));
  items.insert(at, context.begin(), context.end());
}

}  // namespace compaction_detail

using namespace compaction_detail;

std::string_view summary_prefix() { return trim(prompts::summary_prefix); }
std::string_view compaction_prompt() { return trim(prompts::compaction); }

bool is_summary(std::string_view text) {
  auto prefix = summary_prefix();
  if (text.size() > prefix.size() && text.starts_with(prefix) && text[prefix.size()] == '\n') return true;
  return has_foreign_prefix(text);
}

std::int64_t estimated_tokens(const std::vector<wire::ResponseItem>& items) {
  std::int64_t sum = 0;
  for (const auto& item : items) sum += tokens_of(item);
  return sum;
}

std::size_t insertion_point(const std::vector<wire::ResponseItem>& items) {
  std::optional<std::size_t> user, summary, compaction;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (summary_message(items[i]) != nullptr) {
      summary = i;
    } else if (is_real_user_message(items[i])) {
      user = i;
    } else if (std::holds_alternative<wire::Compaction>(items[i])) {
      compaction = i;
    }
  }
  return user ? *user : summary ? *summary : compaction ? *compaction : items.size();
}

std::optional<Replacement> local_replacement(const History& history, std::string_view summary,
                                             const std::vector<wire::ResponseItem>& context,
                                             const CompactionRoom& room) {
  auto messages = user_messages(history);
  std::vector<wire::ResponseItem> older;
  for (auto& text : messages.older) older.push_back(user_text(std::move(text)));

  auto left = room.items - estimated_tokens(context);
  if (messages.newest) left -= tokens_of(*messages.newest);
  auto least =
      least_summary_tokens + tokens_of_bytes(static_cast<std::int64_t>(summary_prefix().size()) + envelope_bytes);
  if (left < least) return std::nullopt;

  // The summary may take half of what is left, and all that the older messages do not need.
  Replacement out;
  out.summary = fit_summary(summary, std::max({least, left / 2, left - estimated_tokens(older)}));
  auto summary_item = user_text(out.summary);
  left -= tokens_of(summary_item);
  std::size_t fitting = 0;
  for (; fitting < older.size() && tokens_of(older[fitting]) <= left; ++fitting) left -= tokens_of(older[fitting]);
  older.resize(fitting);

  std::move(older.rbegin(), older.rend(), std::back_inserter(out.items));
  if (messages.newest) out.items.push_back(std::move(*messages.newest));
  out.items.push_back(std::move(summary_item));
  insert_context(out.items, context);
  append_snapshots(history, out.items);
  return out;
}

std::vector<wire::ResponseItem> legacy_replacement(const History& history, const std::string& message) {
  auto messages = user_messages(history);
  std::vector<wire::ResponseItem> items;
  for (auto it = messages.older.rbegin(); it != messages.older.rend(); ++it) items.push_back(user_text(*it));
  if (messages.newest) {
    auto text = typed_text(std::get<wire::Message>(*messages.newest));
    items.push_back(user_text(truncate(text, {wire::TruncationMode::tokens, CompactionRoom::user_messages})));
  }
  items.push_back(user_text(message));
  append_snapshots(history, items);
  return items;
}

std::vector<wire::ResponseItem> remote_replacement(const History& history, std::vector<wire::ResponseItem> output,
                                                   const std::vector<wire::ResponseItem>& context) {
  std::vector<wire::ResponseItem> items;
  for (auto& item : output) {
    bool kept = std::holds_alternative<wire::Compaction>(item) || wire::role_of(item) == "assistant" ||
                is_real_user_message(item);
    if (kept) items.push_back(std::move(item));
  }
  insert_context(items, context);
  append_snapshots(history, items);
  return items;
}

}  // namespace burin::context
