#include "wire/rollout.h"

namespace burin::wire {

namespace rollout_detail {

void open_line(std::string& out, std::string_view timestamp, std::string_view type) {
  out += "{\"timestamp\":";
  write_json_string(out, timestamp);
  out += ",\"type\":";
  write_json_string(out, type);
  out += ",\"payload\":";
}

template <class T>
void write_line(std::string& out, std::string_view timestamp, std::string_view type, const T& payload) {
  open_line(out, timestamp, type);
  write_mapped(out, payload);
  out += "}\n";
}

template <class T>
Result<RolloutPayload> read_payload(const json::value& payload) {
  TRY(auto value, read_mapped<T>(payload));
  return RolloutPayload(std::move(value));
}

struct LineType {
  std::string_view type;
  Result<RolloutPayload> (*read)(const json::value&);
};
constexpr LineType kTypes[] = {
    {"response_item", &read_payload<ResponseItem>}, {"event_msg", &read_payload<EventMsg>},
    {"turn_context", &read_payload<TurnContext>},   {"compacted", &read_payload<Compacted>},
    {"session_meta", &read_payload<SessionMeta>},
};

/// The first line of a file of mid-2025: {id, timestamp, instructions, git?}.
SessionMeta bare_meta(const json::value& v) {
  SessionMeta out;
  for (const auto& member : v.get_object()) {
    const std::string_view key = member.key();
    if (key == "git") {
      if (auto git = read_mapped<GitInfo>(member.value())) out.git = std::move(*git);
    } else if (key != "id" && key != "timestamp") {
      out.extra.insert_or_assign(key, member.value());
    }
  }
  out.id = find_string(v, "id").value_or("");
  out.timestamp = find_string(v, "timestamp").value_or("");
  return out;
}

/// Lines from before the envelope. Whatever else they hold (state records) nobody needs.
Result<RolloutPayload> read_bare(const json::value& v) {
  if (find(v, "type") == nullptr) {
    if (find_string(v, "id") && find_string(v, "timestamp")) return RolloutPayload(bare_meta(v));
    return RolloutPayload(UnknownLine{v});
  }
  TRY(auto item, read_item(v));
  if (std::holds_alternative<Unknown>(item)) return RolloutPayload(UnknownLine{v});
  return RolloutPayload(std::move(item));
}

}  // namespace rollout_detail

Result<RolloutLine> read_rollout_line(std::string_view line) {
  TRY(const auto v, parse_json(line));
  if (!v.is_object()) return fail(Kind::invalid, "not a JSON object");
  RolloutLine out;
  const auto* payload = find(v, "payload");
  const auto type = find_string(v, "type");
  if (payload == nullptr || !type) {
    TRY(out.payload, rollout_detail::read_bare(v));
    return out;
  }
  out.timestamp = find_string(v, "timestamp").value_or("");
  for (const auto& known : rollout_detail::kTypes) {
    if (known.type != *type) continue;
    auto read = known.read(*payload);
    if (!read) return wrap(std::move(read).error(), std::string(*type));
    out.payload = std::move(*read);
    return out;
  }
  out.payload = UnknownLine{v};
  return out;
}

void write_rollout_line(std::string& out, std::string_view timestamp, std::string_view type, std::string_view payload) {
  rollout_detail::open_line(out, timestamp, type);
  out += payload;
  out += "}\n";
}
void write_rollout_line(std::string& out, std::string_view timestamp, const SessionMeta& meta) {
  rollout_detail::write_line(out, timestamp, "session_meta", meta);
}
void write_rollout_line(std::string& out, std::string_view timestamp, const ResponseItem& item) {
  rollout_detail::write_line(out, timestamp, "response_item", item);
}
void write_rollout_line(std::string& out, std::string_view timestamp, const Compacted& compacted) {
  rollout_detail::write_line(out, timestamp, "compacted", compacted);
}
void write_rollout_line(std::string& out, std::string_view timestamp, const TurnContext& context) {
  rollout_detail::write_line(out, timestamp, "turn_context", context);
}
void write_rollout_line(std::string& out, std::string_view timestamp, const EventMsg& event) {
  rollout_detail::write_line(out, timestamp, "event_msg", event);
}

void write_rollout_line(std::string& out, const RolloutLine& line) {
  if (const auto* unknown = std::get_if<UnknownLine>(&line.payload)) {
    write_json(out, unknown->raw);
    out += '\n';
    return;
  }
  std::visit(
      [&](const auto& payload) {
        if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(payload)>, UnknownLine>) {
          write_rollout_line(out, line.timestamp, payload);
        }
      },
      line.payload);
}

}  // namespace burin::wire
