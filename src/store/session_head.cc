#include "store/session_head.h"

#include "base/json.h"
#include "base/text.h"

namespace burin::store {

namespace session_head_detail {

constexpr std::size_t first_read = 16 * 1024, largest_read = 4 << 20;
constexpr std::size_t meta_records = 10, user_records = 210;  // session.md 4.7
constexpr std::size_t max_preview = 8 * 1024;

std::string text_at(const json::value& object, std::string_view key) {
  return std::string(find_string(object, key).value_or(""));
}

void read_meta(SessionHead& head, const json::value& payload) {
  head.meta = true;
  head.started = text_at(payload, "timestamp");
  head.cwd = text_at(payload, "cwd");
  const auto* source = find(payload, "source");
  head.source = source == nullptr || source->is_null() ? "\"vscode\"" : dump(*source);
  head.provider = text_at(payload, "model_provider");
  head.cli_version = text_at(payload, "cli_version");
  head.originator = text_at(payload, "originator");
  head.agent_nickname = text_at(payload, "agent_nickname");
  head.agent_role = text_at(payload, find(payload, "agent_role") != nullptr ? "agent_role" : "agent_type");
  if (const auto* git = find(payload, "git")) {
    head.git_sha = text_at(*git, "commit_hash");
    head.git_branch = text_at(*git, "branch");
    head.git_origin = text_at(*git, "repository_url");
  }
}

bool has_any(const json::value& object, std::string_view key) {
  const auto* list = find_array(object, key);
  return list != nullptr && !list->empty();
}

class Reader {
 public:
  /// Takes one line; true when no further line can matter.
  bool line(std::string_view text) {
    if (blank(text)) return false;
    ++records_;
    if (records_ > user_records || (records_ > meta_records && !head.meta)) return true;
    // Parsing is what costs: only lines that can be one of the two are parsed.
    bool meta = !head.meta && records_ <= meta_records && contains(text, "\"session_meta\"");
    if (meta || contains(text, "\"user_message\"")) record(text);
    return head.meta && !head.preview.empty();
  }

  SessionHead head;

 private:
  void record(std::string_view text) {
    auto document = parse_json(text);
    if (!document) return;
    auto type = find_string(*document, "type").value_or("");
    const auto* payload = find(*document, "payload");
    if (payload == nullptr) return;
    if (type == "session_meta" && !head.meta) {
      read_meta(head, *payload);
    } else if (type == "event_msg" && find_string(*payload, "type") == "user_message") {
      head.user_message = true;
      if (!head.preview.empty()) return;
      bool images = has_any(*payload, "images") || has_any(*payload, "local_images");
      head.preview = preview_of(find_string(*payload, "message").value_or(""), images);
    }
  }

  std::size_t records_ = 0;
};

}  // namespace session_head_detail

using namespace session_head_detail;

Result<SessionHead> read_head(io::Files& files, const std::string& path) {
  Reader reader;
  std::string text;  // read, and not yet taken
  std::uint64_t at = 0;
  for (std::size_t count = first_read;; count = std::min(count * 4, largest_read)) {
    TRY(auto piece, files.read_range(path, at, count));
    at += piece.size();
    bool last = piece.size() < count;
    text += piece;
    std::size_t start = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
      if (reader.line(std::string_view(text).substr(start, end - start))) return std::move(reader.head);
      start = end + 1;
    }
    text.erase(0, start);
    if (!last) continue;
    reader.line(text);
    return std::move(reader.head);
  }
}

std::string preview_of(std::string_view message, bool has_images) {
  constexpr std::string_view marker = "## My request for Codex:";
  if (auto at = message.find(marker); at != std::string_view::npos) message.remove_prefix(at + marker.size());
  message = trim(message);
  if (message.empty()) return has_images ? "[Image]" : "";
  return std::string(message.substr(0, floor_boundary(message, max_preview)));
}

std::string source_kind(std::string_view source_json) {
  constexpr std::string_view known[] = {"cli", "vscode", "exec", "mcp"};
  if (source_json.size() > 2 && source_json.front() == '"') {
    auto name = source_json.substr(1, source_json.size() - 2);
    return std::find(std::begin(known), std::end(known), name) == std::end(known) ? "unknown" : std::string(name);
  }
  auto source = parse_json(source_json);
  if (!source) return "unknown";
  const auto* sub = find(*source, "subagent");
  if (sub == nullptr) return "unknown";
  if (sub->is_string()) return "subagent_" + std::string(view(sub->get_string()));
  if (sub->is_object() && !sub->get_object().empty()) {
    return "subagent_" + std::string(sub->get_object().begin()->key());
  }
  return "subagent";
}

}  // namespace burin::store
