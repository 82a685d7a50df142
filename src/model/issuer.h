// Talking to the issuer of ChatGPT logins: what login and refresh share.
#pragma once
#include <string>
#include <string_view>

#include "io/world.h"
#include "model/headers.h"

namespace burin::model {

inline constexpr std::string_view default_issuer = "https://auth.openai.com";
inline constexpr std::string_view default_client_id = "app_EMoamEEZ73f0CkXaXp7hrann";

struct IssuerReply {
  int status = 0;
  std::string body;

  bool good() const { return status >= 200 && status < 300; }
  /// Of a refusal: `error.code`, else `error` if it is a string, else `code`; empty when there is none.
  std::string code() const;
  /// Of a refusal, for people: `error_description`, `error.message`, the code, or the whole body, cut.
  std::string message() const;
};

/// Where refresh tokens are exchanged; CODEX_REFRESH_TOKEN_URL_OVERRIDE replaces it.
std::string refresh_token_url(const io::Environment& env);

io::Headers issuer_headers(const Identity& identity, std::string_view content_type);

/// Sends, and reads the whole answer, within `limit`. Errors name the host, never what was sent.
io::Task<Result<IssuerReply>> send_to_issuer(io::World& world, io::HttpRequest request, io::Span limit);

}  // namespace burin::model
