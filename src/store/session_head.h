// What the first records of a session file tell: who started it, where, with what, and its first message.
//
// Listing needs no more than this, so a session of any length costs one small read. Reading is lenient: a record that
// is no JSON costs only itself.
#pragma once
#include <string>
#include <string_view>

#include "io/files.h"

namespace burin::store {

struct SessionHead {
  bool meta = false;          // a session_meta was among the first 10 records
  bool user_message = false;  // a user_message event was among the first 210: the session was used
  // "" for what the file does not say.
  std::string started;  // UTC, "2026-03-05T09:15:10.017Z"
  std::string cwd;
  std::string source;  // JSON: "\"cli\"", "{\"subagent\":\"review\"}"
  std::string provider, cli_version, originator;
  std::string git_sha, git_branch, git_origin;
  std::string agent_nickname, agent_role;
  std::string preview;  // of the first user message; at most 8 KiB
  bool operator==(const SessionHead&) const = default;
};

/// Reads as much of the file as it takes.
Result<SessionHead> read_head(io::Files& files, const std::string& path);

/// What a user message is shown as (context.md 4.7): what follows an editor's request marker, trimmed; "[Image]" for
/// pictures without text.
std::string preview_of(std::string_view message, bool has_images);

/// "cli", "vscode", "exec", "mcp", "subagent", "subagent_review", "subagent_thread_spawn"…; "unknown" for others.
std::string source_kind(std::string_view source_json);

}  // namespace burin::store
