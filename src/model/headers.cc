#include "model/headers.h"

#include "base/text.h"

namespace burin::model {

namespace headers_detail {

bool legal_name(std::string_view name) {
  if (name.empty()) return false;
  for (unsigned char c : name) {
    bool token = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    if (!token) return false;
  }
  return true;
}

/// A list of headers in which a later, weaker setting of the same name is ignored.
class HeaderSet {
 public:
  void add(std::string_view name, std::string_view value) {
    if (!legal_name(name) || !legal_header_value(value)) return;
    for (const auto& [n, v] : headers) {
      if (equals_ignore_case(n, name)) return;
    }
    headers.emplace_back(std::string(name), std::string(value));
  }
  io::Headers headers;
};

std::string printable(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '_';
  }
  return out;
}

/// A token of the User-Agent: what may stand in one stays, every other character becomes `_`.
std::string token_text(std::string_view s) {
  std::string out;
  for (char c : s) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 std::string_view("-_./").find(c) != std::string_view::npos;
    bool continued = (static_cast<unsigned char>(c) & 0xc0) == 0x80;  // one character, one underscore
    if (!continued) out += plain ? c : '_';
  }
  return out;
}

/// Value of KEY= in /etc/os-release, without quotes.
std::string release_value(std::string_view os_release, std::string_view key) {
  for (auto line : lines(os_release)) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
    auto value = trim(line.substr(key.size() + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

/// "Debian 12.0.0": first word of the name, version filled up to three numbers.
std::string os_text(std::string_view os_release) {
  std::string name = release_value(os_release, "NAME");
  name = name.substr(0, name.find(' '));
  std::string version = release_value(os_release, "VERSION_ID");
  if (name.empty()) name = "Linux";
  if (version.empty()) return name + " unknown";
  auto dots = std::count(version.begin(), version.end(), '.');
  for (; dots < 2; ++dots) version += ".0";
  return name + " " + version;
}

#if defined(__aarch64__)
constexpr std::string_view arch = "arm64";
#else
constexpr std::string_view arch = "x86_64";
#endif

}  // namespace headers_detail

using namespace headers_detail;

bool legal_header_value(std::string_view value) {
  for (unsigned char c : value) {
    if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

std::string terminal_token(const io::Environment& env) {
  auto with_version = [&](std::string_view name, std::string_view variable) {
    auto v = env.get(variable);
    std::string out(name);
    if (v && !v->empty()) out += "/" + std::string(*v);
    return out;
  };
  auto set = [&](std::string_view name) { return env.get(name).has_value(); };
  std::string term(env.get("TERM").value_or(""));
  std::string token;
  if (auto program = env.non_empty("TERM_PROGRAM")) {
    token = with_version(*program, "TERM_PROGRAM_VERSION");
  } else if (set("WEZTERM_VERSION")) {
    token = with_version("WezTerm", "WEZTERM_VERSION");
  } else if (set("ITERM_SESSION_ID") || set("ITERM_PROFILE") || set("ITERM_PROFILE_NAME")) {
    token = "iTerm.app";
  } else if (set("TERM_SESSION_ID")) {
    token = "Apple_Terminal";
  } else if (set("KITTY_WINDOW_ID") || contains(term, "kitty")) {
    token = "kitty";
  } else if (set("ALACRITTY_SOCKET") || term == "alacritty") {
    token = "Alacritty";
  } else if (set("KONSOLE_VERSION")) {
    token = with_version("Konsole", "KONSOLE_VERSION");
  } else if (set("GNOME_TERMINAL_SCREEN")) {
    token = "gnome-terminal";
  } else if (set("VTE_VERSION")) {
    token = with_version("VTE", "VTE_VERSION");
  } else if (set("WT_SESSION")) {
    token = "WindowsTerminal";
  } else {
    token = term.empty() ? "unknown" : term;
  }
  return token_text(token);
}

Identity make_identity(const io::Environment& env, std::string_view entry_point, std::string_view suffix,
                       std::string_view os_release) {
  Identity id;
  id.version = BURIN_COMPAT_VERSION;
  id.originator = std::string(entry_point);
  if (auto forced = env.own("INTERNAL_ORIGINATOR_OVERRIDE"); forced && legal_header_value(*forced)) {
    id.originator = std::string(*forced);
  }
  std::string agent =
      fmt::format("{}/{} ({}; {}) {}", id.originator, id.version, os_text(os_release), arch, terminal_token(env));
  if (!suffix.empty()) agent += fmt::format(" ({})", suffix);
  id.user_agent = legal_header_value(agent) ? std::move(agent) : printable(agent);
  return id;
}

namespace headers_detail {

void add_credential(HeaderSet& set, const Credential& credential) {
  if (credential.bearer) set.add("authorization", "Bearer " + *credential.bearer);
  if (credential.account_id) set.add("ChatGPT-Account-ID", *credential.account_id);
}

void add_thread(HeaderSet& set, const TurnHeaders& turn) {
  set.add("session_id", turn.thread_id);
  if (turn.subagent) set.add("x-openai-subagent", *turn.subagent);
}

void add_turn(HeaderSet& set, const TurnHeaders& turn) {
  if (!turn.beta_features.empty()) set.add("x-codex-beta-features", turn.beta_features);
  if (!turn.turn_state.empty()) set.add("x-codex-turn-state", turn.turn_state);
  if (!turn.turn_metadata.empty()) set.add("x-codex-turn-metadata", turn.turn_metadata);
}

void add_defaults(HeaderSet& set, const Identity& identity, const config::ProviderDef& provider,
                  const io::Environment& env, bool with_agent = true) {
  for (const auto& [name, value] : provider.http_headers) set.add(name, value);
  for (const auto& [name, variable] : provider.env_http_headers) {
    if (auto value = env.get(variable); value && !blank(*value)) set.add(name, *value);
  }
  set.add("originator", identity.originator);
  if (with_agent) set.add("user-agent", identity.user_agent);
  if (identity.residency) set.add("x-openai-internal-codex-residency", *identity.residency);
}

}  // namespace headers_detail

io::Headers responses_headers(const Identity& identity, const config::ProviderDef& provider,
                              const Credential& credential, const TurnHeaders& turn, const io::Environment& env,
                              bool zstd) {
  HeaderSet set;
  add_credential(set, credential);
  set.add("accept", "text/event-stream");
  set.add("content-type", "application/json");
  if (zstd) set.add("content-encoding", "zstd");
  add_thread(set, turn);
  add_turn(set, turn);
  add_defaults(set, identity, provider, env);
  return std::move(set.headers);
}

io::Headers websocket_headers(const Identity& identity, const config::ProviderDef& provider,
                              const Credential& credential, const TurnHeaders& turn, const io::Environment& env,
                              bool timing_metrics) {
  HeaderSet set;
  add_credential(set, credential);
  set.add("openai-beta", "responses_websockets=2026-02-06");
  if (timing_metrics) set.add("x-responsesapi-include-timing-metrics", "true");
  set.add("session_id", turn.thread_id);
  add_turn(set, turn);
  add_defaults(set, identity, provider, env, false);
  return std::move(set.headers);
}

io::Headers compact_headers(const Identity& identity, const config::ProviderDef& provider, const Credential& credential,
                            const TurnHeaders& turn, const io::Environment& env) {
  HeaderSet set;
  add_credential(set, credential);
  set.add("accept", "*/*");
  set.add("content-type", "application/json");
  add_thread(set, turn);
  add_defaults(set, identity, provider, env);
  return std::move(set.headers);
}

io::Headers memories_headers(const Identity& identity, const config::ProviderDef& provider,
                             const Credential& credential, const std::optional<std::string>& subagent,
                             const io::Environment& env) {
  HeaderSet set;
  add_credential(set, credential);
  set.add("accept", "*/*");
  set.add("content-type", "application/json");
  if (subagent) set.add("x-openai-subagent", *subagent);
  add_defaults(set, identity, provider, env);
  return std::move(set.headers);
}

io::Headers models_headers(const Identity& identity, const config::ProviderDef& provider, const Credential& credential,
                           const io::Environment& env) {
  HeaderSet set;
  add_credential(set, credential);
  set.add("accept", "*/*");
  add_defaults(set, identity, provider, env);
  return std::move(set.headers);
}

std::string provider_url(const config::ProviderDef& provider, const Auth& auth, std::string_view path) {
  std::string url;
  if (provider.base_url) {
    url = *provider.base_url;
  } else {
    url = auth.mode == Auth::Mode::chatgpt ? "https://chatgpt.com/backend-api/codex" : "https://api.openai.com/v1";
  }
  while (url.ends_with('/')) url.pop_back();
  while (path.starts_with('/')) path.remove_prefix(1);
  url += '/';
  url += path;
  char separator = '?';
  for (const auto& [key, value] : provider.query_params) {
    url += separator;
    // Joined verbatim; only what no URL may hold is escaped.
    url += replace_all(fmt::format("{}={}", key, value), " ", "%20");
    separator = '&';
  }
  return url;
}

std::string websocket_url(const config::ProviderDef& provider, const Auth& auth, std::string_view path) {
  std::string url = provider_url(provider, auth, path);
  if (url.starts_with("http://") || url.starts_with("https://")) url.replace(0, 4, "ws");
  return url;
}

bool is_azure(const config::ProviderDef& provider) {
  if (equals_ignore_case(provider.name, "azure")) return true;
  if (!provider.base_url) return false;
  std::string url = to_lower_ascii(*provider.base_url);
  for (std::string_view part :
       {"openai.azure.", "cognitiveservices.azure.", "aoai.azure.", "azure-api.", "azurefd.", "windows.net/openai"}) {
    if (contains(url, part)) return true;
  }
  return false;
}

}  // namespace burin::model
