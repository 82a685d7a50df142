// Reading a whole rollout back (session.md 4.6, 5.4): one bad line never costs more than itself.
#include "base/json.h"
#include "base/text.h"
#include "store/rollout_log.h"
#include "store/sessions.h"

namespace burin::store {

namespace load_rollout_detail {

constexpr std::size_t max_problems = 20;
constexpr std::string_view record_start = "{\"timestamp\":";

class Loader {
 public:
  explicit Loader(LoadedRollout& to) : to_(to) {}

  void line(std::string_view raw, std::size_t number) {
    auto text = trim(raw);
    if (text.empty()) return;
    auto read = wire::read_rollout_line(text);
    if (read) {
      accept(std::move(*read));
      return;
    }
    // A torn line to which a good one was glued: the good one begins at a later record start.
    for (auto at = text.find(record_start, 1); at != std::string_view::npos; at = text.find(record_start, at + 1)) {
      auto salvaged = wire::read_rollout_line(text.substr(at));
      if (!salvaged) continue;
      problem(number, "a torn record was skipped, the record glued to it was kept");
      accept(std::move(*salvaged));
      return;
    }
    if (number == 1 && old_layout(text)) return;
    if (bare_items_) {
      if (bare_item(text)) return;
    }
    problem(number, read.error().text());
  }

 private:
  void accept(wire::RolloutLine line) {
    if (const auto* meta = std::get_if<wire::SessionMeta>(&line.payload); meta != nullptr && to_.thread_id.empty()) {
      to_.thread_id = meta->id;
    }
    to_.lines.push_back(std::move(line));
  }

  /// Files of mid-2025 have no envelope: a first line with id and timestamp, then bare response items.
  bool old_layout(std::string_view text) {
    auto document = parse_json(text);
    if (!document) return false;
    auto id = find_string(*document, "id");
    auto timestamp = find_string(*document, "timestamp");
    if (!id || !timestamp || find(*document, "type") != nullptr) return false;
    wire::SessionMeta meta;
    meta.id = std::string(*id);
    meta.timestamp = std::string(*timestamp);
    bare_items_ = true;
    accept(wire::RolloutLine{.timestamp = meta.timestamp, .payload = std::move(meta)});
    return true;
  }

  bool bare_item(std::string_view text) {
    auto document = parse_json(text);
    if (!document) return false;
    if (find_string(*document, "record_type")) return true;  // state markers of that layout carry no items
    auto item = wire::read_item(*document);
    if (!item) return false;
    accept(wire::RolloutLine{.timestamp = {}, .payload = std::move(*item)});
    return true;
  }

  void problem(std::size_t number, std::string_view what) {
    ++to_.skipped;
    if (to_.problems.size() < max_problems) to_.problems.push_back(fmt::format("{}:{}: {}", to_.path, number, what));
  }

  LoadedRollout& to_;
  bool bare_items_ = false;
};

}  // namespace load_rollout_detail

Result<LoadedRollout> load_rollout(io::Files& files, const std::string& path) {
  LoadedRollout out;
  out.path = path;
  TRY(auto text, files.read(path));
  if (blank(text)) return fail(Kind::invalid, fmt::format("the session file {} is empty", path));
  load_rollout_detail::Loader loader(out);
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    loader.line(std::string_view(text).substr(at, end - at), ++number);
    at = end + 1;
  }
  if (out.thread_id.empty()) {
    auto name = parse_rollout_name(path::name(path));
    if (!name) {
      return fail(Kind::invalid, fmt::format("{}: failed to parse thread ID from rollout file", path),
                  "the file has no readable session_meta line and its name holds no id");
    }
    out.thread_id = name->id;
  }
  return out;
}

std::optional<RolloutName> parse_rollout_name(std::string_view name) {
  constexpr std::string_view prefix = "rollout-", suffix = ".jsonl";
  constexpr std::size_t time_length = 19;  // YYYY-MM-DDThh-mm-ss
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  if (name.size() <= time_length + 1 || name[time_length] != '-') return std::nullopt;
  auto time = name.substr(0, time_length);
  constexpr std::string_view shape = "dddd-dd-ddTdd-dd-dd";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    bool digit = time[i] >= '0' && time[i] <= '9';
    if (shape[i] == 'd' ? !digit : time[i] != shape[i]) return std::nullopt;
  }
  auto id = name.substr(time_length + 1);
  if (!is_uuid(id)) return std::nullopt;
  return RolloutName{std::string(time), std::string(id)};
}

}  // namespace burin::store
