// Request headers (model-client.md 5).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "config/providers.h"
#include "io/environment.h"
#include "io/http.h"
#include "model/auth.h"

namespace burin::model {

/// Who we say we are; fixed for the process.
struct Identity {
  std::string originator;  // "codex_exec"; overridden by CODEX_INTERNAL_ORIGINATOR_OVERRIDE
  std::string user_agent;
  std::string version;                   // compatibility version: `version` header, User-Agent and client_version agree
  std::optional<std::string> residency;  // "us" when requirements enforce it
};

/// `entry_point` is the originator that the entry point asks for; `suffix` is "name; version" of a client, or empty;
/// `os_release` is the text of /etc/os-release.
Identity make_identity(const io::Environment& env, std::string_view entry_point, std::string_view suffix,
                       std::string_view os_release);

/// The `{terminal}` part of the User-Agent, e.g. "xterm" or "WezTerm/2024".
std::string terminal_token(const io::Environment& env);

/// True for header values that may be sent: no control bytes.
bool legal_header_value(std::string_view value);

/// Per-request values that are sent in x-codex headers when set.
struct TurnHeaders {
  std::string thread_id;
  std::optional<std::string> subagent;
  std::string beta_features;  // comma-joined, empty for none
  std::string turn_state;     // empty before one was received
  std::string turn_metadata;  // compact JSON, empty for none
};

/// All headers of POST /responses in order of precedence applied (5.1).
io::Headers responses_headers(const Identity& identity, const config::ProviderDef& provider,
                              const Credential& credential, const TurnHeaders& turn, const io::Environment& env,
                              bool zstd);

/// Headers of the WebSocket handshake, beyond those of the protocol. There is no User-Agent and no sub-agent label.
io::Headers websocket_headers(const Identity& identity, const config::ProviderDef& provider,
                              const Credential& credential, const TurnHeaders& turn, const io::Environment& env,
                              bool timing_metrics);

/// All headers of POST /responses/compact.
io::Headers compact_headers(const Identity& identity, const config::ProviderDef& provider, const Credential& credential,
                            const TurnHeaders& turn, const io::Environment& env);

/// All headers of POST /memories/trace_summarize: those of a thread but for its id.
io::Headers memories_headers(const Identity& identity, const config::ProviderDef& provider,
                             const Credential& credential, const std::optional<std::string>& subagent,
                             const io::Environment& env);

/// All headers of GET /models.
io::Headers models_headers(const Identity& identity, const config::ProviderDef& provider, const Credential& credential,
                           const io::Environment& env);

/// `url(path)` of the provider: base without trailing slashes, the path, the query parameters (3.5).
std::string provider_url(const config::ProviderDef& provider, const Auth& auth, std::string_view path);

/// The same for WebSocket: http becomes ws, https wss.
std::string websocket_url(const config::ProviderDef& provider, const Auth& auth, std::string_view path);

/// Whether the endpoint is Azure's: `store` and item ids differ there (6.5).
bool is_azure(const config::ProviderDef& provider);

}  // namespace burin::model
