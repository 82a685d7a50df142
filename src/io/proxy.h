// Which proxy a connection goes through (model-client.md 14). Pure functions of the environment, shared by HTTP and
// WebSocket clients.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/environment.h"

namespace burin::io {

/// The parts of an http, https, ws or wss URL that matter for connecting.
struct Endpoint {
  std::string scheme;  // lower case
  std::string host;    // lower case, without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string shown;  // the URL without user and password, for messages
};

Result<Endpoint> parse_endpoint(std::string_view url);

/// URL of the proxy for the endpoint, or nullopt for a direct connection. Upper-case names win over lower-case ones;
/// the variable of the scheme (http and ws: HTTP_PROXY; https and wss: HTTPS_PROXY) wins over ALL_PROXY. A value
/// without scheme is an HTTP proxy. CODEX_SANDBOX=seatbelt turns proxies off.
std::optional<std::string> proxy_for(const Endpoint& endpoint, const Environment& env);

/// NO_PROXY: comma-separated names (each also covers the names below it; a leading dot is ignored), IP addresses, CIDR
/// blocks, or "*".
bool bypasses_proxy(std::string_view no_proxy, std::string_view host);

}  // namespace burin::io
