#include "wire/event.h"

#include "base/text.h"

namespace burin::mapping {

bool As<wire::Bytes>::read(wire::Bytes& out, const json::value& v, Bad& bad) {
  const auto* text = v.if_string();
  auto bytes = text != nullptr ? base64_decode(view(*text)) : std::nullopt;
  if (!bytes) return bad.wrong_type(v, "base64 text");
  out.data = std::move(*bytes);
  return true;
}
void As<wire::Bytes>::write(std::string& out, const wire::Bytes& value) {
  out += '"';
  out += base64(value.data);
  out += '"';
}

bool As<wire::EventMsg>::read(wire::EventMsg& out, const json::value& v, Bad& bad) {
  return As<wire::event_detail::Union>::read(out, v, bad);
}
void As<wire::EventMsg>::write(std::string& out, const wire::EventMsg& value) {
  As<wire::event_detail::Union>::write(out, value);
}

}  // namespace burin::mapping

namespace burin::wire {

namespace event_detail {

enum class Keep : unsigned char { always, extended };
struct Rule {
  std::string_view type;
  Keep keep;
};

/// Sorted by type. What is not here is never kept, with the one exception in persisted().
constexpr Rule kRules[] = {
    {"agent_message", Keep::always},
    {"agent_reasoning", Keep::always},
    {"agent_reasoning_raw_content", Keep::always},
    {"collab_agent_interaction_end", Keep::extended},
    {"collab_agent_spawn_end", Keep::extended},
    {"collab_close_end", Keep::extended},
    {"collab_resume_end", Keep::extended},
    {"collab_waiting_end", Keep::extended},
    {"context_compacted", Keep::always},
    {"dynamic_tool_call_request", Keep::extended},
    {"dynamic_tool_call_response", Keep::extended},
    {"entered_review_mode", Keep::always},
    {"error", Keep::extended},
    {"exec_command_end", Keep::extended},
    {"exited_review_mode", Keep::always},
    {"mcp_tool_call_end", Keep::extended},
    {"patch_apply_end", Keep::extended},
    {"task_complete", Keep::always},
    {"task_started", Keep::always},
    {"thread_rolled_back", Keep::always},
    {"token_count", Keep::always},
    {"turn_aborted", Keep::always},
    {"undo_completed", Keep::always},
    {"user_message", Keep::always},
    {"view_image_tool_call", Keep::extended},
    {"web_search_end", Keep::extended},
};
static_assert(std::is_sorted(std::begin(kRules), std::end(kRules),
                             [](const Rule& a, const Rule& b) { return a.type < b.type; }));

}  // namespace event_detail

EventMsg::EventMsg() = default;
EventMsg::EventMsg(const EventMsg& other) = default;
EventMsg::EventMsg(EventMsg&& other) noexcept = default;
EventMsg& EventMsg::operator=(const EventMsg& other) = default;
EventMsg& EventMsg::operator=(EventMsg&& other) noexcept = default;
EventMsg::~EventMsg() = default;

Result<EventMsg> read_event(const json::value& value) { return read_mapped<EventMsg>(value); }
void write_event(std::string& out, const EventMsg& msg) { write_mapped(out, msg); }
void write_event(std::string& out, const Event& event) {
  out += "{\"id\":";
  write_json_string(out, event.id);
  out += ",\"msg\":";
  write_event(out, event.msg);
  out += '}';
}

std::string_view event_type(const EventMsg& msg) { return tag_of(msg); }

bool persisted(const EventMsg& msg, bool extended) {
  if (std::holds_alternative<Unknown>(msg)) return false;
  // Of items only finished plans have no other trace in the file.
  if (const auto* done = std::get_if<event::ItemCompleted>(&msg)) return std::holds_alternative<PlanItem>(done->item);
  const auto type = event_type(msg);
  const auto* rule = std::lower_bound(std::begin(event_detail::kRules), std::end(event_detail::kRules), type,
                                      [](const event_detail::Rule& r, std::string_view name) { return r.type < name; });
  if (rule == std::end(event_detail::kRules) || rule->type != type) return false;
  return extended || rule->keep == event_detail::Keep::always;
}

std::string_view item_id(const TurnItem& item) {
  return std::visit(
      [](const auto& alternative) -> std::string_view {
        if constexpr (requires { alternative.id; }) {
          return alternative.id;
        } else {
          return find_string(alternative.raw, "id").value_or("");
        }
      },
      static_cast<const TurnItem::Base&>(item));
}

}  // namespace burin::wire
