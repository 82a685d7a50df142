#include "cli/session_turns.h"

#include "base/text.h"
#include "context/fragments.h"

namespace burin::cli {

namespace session_turns_detail {

class Reader {
 public:
  explicit Reader(bool user_events) : user_events_(user_events) {}

  void line(const wire::RolloutLine& line) {
    at_ = line.timestamp;
    if (const auto* event = std::get_if<wire::EventMsg>(&line.payload)) {
      std::visit([this](const auto& e) { take(e); }, static_cast<const wire::event_detail::Union&>(*event));
    } else if (const auto* item = std::get_if<wire::ResponseItem>(&line.payload)) {
      if (wire::is_call(*item)) current().calls += 1;
      if (!user_events_) without_events(*item);
    }
  }

  SessionStory story;

 private:
  template <class E>
  void take(const E&) {}

  void take(const wire::event::TaskStarted& e) { open(e.turn_id); }
  void take(const wire::event::UserMessage& e) {
    // Old files have no lifecycle: there a message begins a turn.
    if (!open_ || (open_->id.empty() && !open_->user.empty())) open("");
    open_->user.push_back(shown_message(e));
  }
  void take(const wire::event::AgentMessage& e) { current().answer = e.message; }
  void take(const wire::event::TaskComplete& e) { close(e.turn_id, "completed"); }
  void take(const wire::event::TurnAborted& e) { close(e.turn_id.value_or(""), to_string(e.reason)); }
  void take(const wire::event::TokenCount& e) {
    if (e.info) story.tokens = *e.info;
  }
  void take(const wire::event::ThreadRolledBack& e) {
    auto left = e.num_turns;
    for (auto turn = story.turns.rbegin(); turn != story.turns.rend() && left > 0; ++turn) {
      if (turn->rolled_back || turn->user.empty()) continue;
      turn->rolled_back = true;
      --left;
    }
  }

  void without_events(const wire::ResponseItem& item) {
    if (auto text = user_text(item)) {
      open("");
      open_->user.push_back(std::move(*text));
    } else if (const auto* message = std::get_if<wire::Message>(&item); message && message->role == "assistant") {
      current().answer = wire::text_of(message->content);
    }
  }

  SessionTurn& current() {
    if (!open_) open("");
    return *open_;
  }
  void open(std::string_view id) {
    story.turns.push_back({.id = std::string(id), .started_at = at_, .user = {}, .answer = {}, .status = "open"});
    open_ = &story.turns.back();
  }
  /// A review starts under an id that never ends (session.md 16, trap 15): the end is that of the turn that is open.
  void close(std::string_view id, std::string_view status) {
    if (!open_) return;
    if (open_->id.empty()) open_->id = id;
    open_->status = status;
    open_ = nullptr;
  }

  bool user_events_;
  std::string at_;
  SessionTurn* open_ = nullptr;  // the last of the story's turns
};

}  // namespace session_turns_detail

SessionStory read_story(const std::vector<wire::RolloutLine>& lines) {
  session_turns_detail::Reader reader(has_user_events(lines));
  for (const auto& line : lines) reader.line(line);
  return std::move(reader.story);
}

std::string shown_message(const wire::event::UserMessage& message) {
  std::string out = message.message;
  for (std::size_t i = 0; i < message.images.size() + message.local_images.size(); ++i) {
    out += out.empty() ? "[Image]" : "\n[Image]";
  }
  return out;
}

bool has_user_events(const std::vector<wire::RolloutLine>& lines) {
  return std::any_of(lines.begin(), lines.end(), [](const wire::RolloutLine& line) {
    const auto* event = std::get_if<wire::EventMsg>(&line.payload);
    return event != nullptr && std::holds_alternative<wire::event::UserMessage>(*event);
  });
}

std::optional<std::string> user_text(const wire::ResponseItem& item) {
  if (!context::is_real_user_message(item)) return std::nullopt;
  return wire::text_of(std::get<wire::Message>(item).content);
}

}  // namespace burin::cli
