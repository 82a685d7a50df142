// Reading a whole rollout back (session.md 4.6, 5.4): one bad line never costs more than itself.
#include "base/json.h"
#include "base/text.h"
#include "store/rollout_log.h"
#include "store/sessions.h"

namespace burin::store {

namespace load_rollout_detail {

constexpr std::size_t max_problems = 20;
constexpr std::string_view record_start = "{\"timestamp\":";
constexpr std::size_t max_inner_starts = 4;  // objects within a record that look like one
constexpr std::size_t piece_size = 4 << 20;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Turns lines of text into records; keeps what is to be told of the others.
class Loader {
 public:
  Loader(RolloutInfo& info, const LineSink& sink) : info_(info), sink_(sink) {}

  void line(std::string_view raw, std::uint64_t offset) {
    auto text = trim(raw);
    if (first_ && text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (text.empty()) return;
    const LinePlace place{offset + static_cast<std::uint64_t>(text.data() - raw.data()), text.size()};
    bool first = std::exchange(first_, false);
    auto read = wire::read_rollout_line(text);
    if (read) {
      accept(std::move(*read), place, text);
      return;
    }
    if (first && old_layout(text, place)) return;
    if (bare_items_ && bare_item(text, place)) return;
    if (!several(text, place.offset)) damage(offset, raw.size(), read.error().text());
  }

 private:
  void accept(wire::RolloutLine line, const LinePlace& place, std::string_view text) {
    in_damage_ = false;
    const auto* meta = std::get_if<wire::SessionMeta>(&line.payload);
    if (meta != nullptr && !std::exchange(info_.has_meta, true)) info_.thread_id = meta->id;
    sink_(std::move(line), place, text);
  }

  /// Several records in one line: a torn one and the next, or whole ones that lost the newline between them. False
  /// when there is none.
  bool several(std::string_view text, std::uint64_t offset) {
    std::size_t from = 0, told = 0;
    while (from < text.size()) {
      std::size_t size = 0;
      auto record = record_at(text.substr(from), size);
      if (!record) {
        from = std::min(text.find(record_start, from + 1), text.size());
        continue;
      }
      if (told < from) damage(offset + told, from - told, "a torn record, to which the next one was glued");
      accept(std::move(*record), {offset + from, size}, text.substr(from, size));
      told = from += size;
    }
    if (told > 0 && told < text.size()) damage(offset + told, text.size() - told, "a torn record, glued to another");
    return told > 0;
  }
  /// The record at the beginning of `text`, which ends where another one begins, or where the text does.
  static std::optional<wire::RolloutLine> record_at(std::string_view text, std::size_t& size) {
    if (!text.starts_with(record_start)) return std::nullopt;
    std::size_t end = 0;
    for (std::size_t tries = 0; tries <= max_inner_starts && end < text.size(); ++tries) {
      end = tries < max_inner_starts ? std::min(text.find(record_start, end + 1), text.size()) : text.size();
      size = end;
      if (auto record = wire::read_rollout_line(text.substr(0, end))) return std::move(*record);
    }
    return std::nullopt;
  }

  /// Files of mid-2025 have no envelope: a first line with id and timestamp, then bare response items.
  bool old_layout(std::string_view text, const LinePlace& place) {
    auto document = parse_json(text);
    if (!document) return false;
    auto id = find_string(*document, "id");
    auto timestamp = find_string(*document, "timestamp");
    if (!id || !timestamp || find(*document, "type") != nullptr) return false;
    wire::SessionMeta meta;
    meta.id = std::string(*id);
    meta.timestamp = std::string(*timestamp);
    bare_items_ = true;
    accept(wire::RolloutLine{.timestamp = meta.timestamp, .payload = std::move(meta)}, place, text);
    return true;
  }

  bool bare_item(std::string_view text, const LinePlace& place) {
    auto document = parse_json(text);
    if (!document) return false;
    if (find_string(*document, "record_type")) return true;  // state markers of that layout carry no items
    auto item = wire::read_item(*document);
    if (!item) return false;
    accept(wire::RolloutLine{.timestamp = {}, .payload = std::move(*item)}, place, text);
    return true;
  }

  /// Damaged lines that follow each other are one stretch.
  void damage(std::uint64_t offset, std::size_t size, std::string reason) {
    if (!in_damage_) info_.damages.push_back({.offset = offset, .reason = std::move(reason)});
    in_damage_ = true;
    auto& last = info_.damages.back();
    ++last.lines;
    last.size = offset + size - last.offset;
  }

  RolloutInfo& info_;
  const LineSink& sink_;
  bool first_ = true;
  bool bare_items_ = false;
  bool in_damage_ = false;
};

/// Files that are no plain lines of JSON: written by a later version, or something else altogether.
Result<> check_kind(std::string_view head, const std::string& path) {
  const char* what = head.starts_with("\x28\xB5\x2F\xFD")  ? "compressed with zstd"
                     : head.starts_with("\x1F\x8B")        ? "compressed with gzip"
                     : head.starts_with("SQLite format 3") ? "a database"
                                                           : nullptr;
  if (what == nullptr) return {};
  return fail(Kind::invalid, fmt::format("the session file {} is {}", path, what),
              "this version reads plain lines of JSON; open it with the program that wrote it, or unpack it");
}

/// Feeds the whole lines of a file to the loader; a last line without newline counts.
Result<> each_line(io::Files& files, RolloutInfo& info, Loader& loader) {
  const auto& path = info.path;
  std::string held;  // from `start` on; whole lines have been taken off its front
  std::uint64_t start = 0, at = 0;
  for (;;) {
    TRY(auto piece, files.read_range(path, at, piece_size));
    if (at == 0) CHECK(check_kind(piece, path));
    at += piece.size();
    bool end = piece.empty();
    auto searched = held.size();
    if (held.empty()) {
      held = std::move(piece);
    } else {
      held += piece;
    }
    std::size_t from = 0;
    for (auto newline = held.find('\n', searched); newline != std::string::npos; newline = held.find('\n', from)) {
      loader.line(std::string_view(held).substr(from, newline - from), start + from);
      from = newline + 1;
    }
    if (end) {
      loader.line(std::string_view(held).substr(from), start + from);
      info.size = at;
      info.ends_in_newline = from == held.size();
      return {};
    }
    held.erase(0, from);
    start += from;
  }
}

}  // namespace load_rollout_detail

std::size_t RolloutInfo::skipped() const {
  std::size_t lines = 0;
  for (const auto& damage : damages) lines += damage.lines;
  return lines;
}

std::vector<std::string> RolloutInfo::problems() const {
  std::vector<std::string> out;
  for (const auto& d : damages) {
    if (out.size() == load_rollout_detail::max_problems) break;
    out.push_back(fmt::format("{}: {} at byte {} ({} bytes) skipped: {}", path,
                              d.lines == 1 ? "a line" : fmt::format("{} lines", d.lines), d.offset, d.size, d.reason));
  }
  return out;
}

Result<RolloutInfo> scan_rollout(io::Files& files, const std::string& path, const LineSink& sink) {
  RolloutInfo info;
  info.path = path;
  std::size_t known = 0, unknown = 0;
  LineSink counting = [&](wire::RolloutLine line, const LinePlace& place, std::string_view text) {
    ++(std::holds_alternative<wire::UnknownLine>(line.payload) ? unknown : known);
    sink(std::move(line), place, text);
  };
  load_rollout_detail::Loader loader(info, counting);
  CHECK(load_rollout_detail::each_line(files, info, loader));
  if (known + unknown + info.skipped() == 0) {
    return fail(Kind::invalid, fmt::format("the session file {} is empty", path),
                fmt::format("it holds {} bytes and no record", info.size));
  }
  if (known == 0 && unknown > 0) {
    return fail(Kind::invalid, fmt::format("the session file {} holds no record that this version knows", path),
                "it was written by a later version; open it with that one");
  }
  if (info.thread_id.empty()) {
    auto name = parse_rollout_name(path::name(path));
    if (!name) {
      return fail(Kind::invalid, fmt::format("{}: failed to parse thread ID from rollout file", path),
                  "the file has no readable session_meta line and its name holds no id");
    }
    info.thread_id = name->id;
  }
  return info;
}

Result<wire::RolloutLine> read_line_at(io::Files& files, const std::string& path, const LinePlace& place) {
  TRY(auto text, files.read_range(path, place.offset, place.size));
  return wire::read_rollout_line(text);
}

Result<LoadedRollout> load_rollout(io::Files& files, const std::string& path) {
  LoadedRollout out;
  TRY(auto info, scan_rollout(files, path, [&](wire::RolloutLine line, const LinePlace&, std::string_view) {
        out.lines.push_back(std::move(line));
      }));
  static_cast<RolloutInfo&>(out) = std::move(info);
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
