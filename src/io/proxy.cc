#include "io/proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/text.h"

namespace burin::io {

namespace proxy_detail {

/// An address in network order: 4 or 16 bytes, else empty.
std::string address_bytes(std::string_view text) {
  std::string name(text);
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, name.c_str(), bytes) == 1) return {reinterpret_cast<char*>(bytes), 4};
  if (::inet_pton(AF_INET6, name.c_str(), bytes) == 1) return {reinterpret_cast<char*>(bytes), 16};
  return {};
}

bool same_prefix(std::string_view a, std::string_view b, std::size_t bits) {
  if (a.size() != b.size() || bits > a.size() * 8) return false;
  if (a.substr(0, bits / 8) != b.substr(0, bits / 8)) return false;
  if (bits % 8 == 0) return true;
  auto differing = static_cast<unsigned char>(a[bits / 8] ^ b[bits / 8]);
  return differing >> (8 - bits % 8) == 0;
}

bool entry_matches(std::string_view entry, std::string_view host, std::string_view host_address) {
  if (entry == "*") return true;
  if (!host_address.empty()) {
    std::size_t slash = entry.find('/');
    std::string network = address_bytes(entry.substr(0, slash));
    if (network.empty()) return false;
    if (slash == std::string_view::npos) return network == host_address;
    auto bits = parse_uint(entry.substr(slash + 1));
    return bits && same_prefix(network, host_address, static_cast<std::size_t>(*bits));
  }
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty() || !ends_with_ignore_case(host, entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

/// The first of two spellings that is set, even when empty: an empty upper-case one switches the lower-case one off.
std::string_view either(const Environment& env, std::string_view upper, std::string_view lower) {
  if (auto value = env.get(upper)) return *value;
  return env.get(lower).value_or("");
}

}  // namespace proxy_detail

Result<Endpoint> parse_endpoint(std::string_view url) {
  static constexpr std::pair<std::string_view, std::uint16_t> schemes[] = {
      {"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}};
  auto bad = [&](std::string_view why) { return fail(Kind::invalid, fmt::format("{}: {}", url, why)); };
  std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return bad("not a URL: it has no scheme");
  Endpoint e;
  e.scheme = to_lower_ascii(url.substr(0, colon));
  for (const auto& [name, port] : schemes) {
    if (e.scheme == name) e.port = port;
  }
  if (e.port == 0) return bad("only http and https URLs can be opened");
  std::string_view rest = url.substr(colon + 3);
  std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end);
  std::string_view after = rest.substr(end);
  if (std::size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  e.shown = fmt::format("{}://{}{}", url.substr(0, colon), authority, after);
  std::string_view port;
  if (authority.starts_with('[')) {
    std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad("the IPv6 address has no end");
    e.host = to_lower_ascii(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return bad("the port is not a number");
  } else {
    std::size_t mark = authority.find(':');
    e.host = to_lower_ascii(authority.substr(0, mark));
    if (mark != std::string_view::npos) port = authority.substr(mark);
  }
  if (e.host.empty()) return bad("the URL names no host");
  if (port.size() > 1) {
    auto n = parse_uint(port.substr(1));
    if (!n || *n == 0 || *n > 65535) return bad("the port is not a number from 1 to 65535");
    e.port = static_cast<std::uint16_t>(*n);
  }
  return e;
}

bool bypasses_proxy(std::string_view no_proxy, std::string_view host) {
  std::string address = proxy_detail::address_bytes(host);
  for (std::string_view entry : split(no_proxy, ',')) {
    if (proxy_detail::entry_matches(trim(entry), host, address)) return true;
  }
  return false;
}

std::optional<std::string> proxy_for(const Endpoint& endpoint, const Environment& env) {
  if (env.get("CODEX_SANDBOX") == "seatbelt") return std::nullopt;
  bool secure = endpoint.scheme == "https" || endpoint.scheme == "wss";
  std::string_view proxy = secure ? proxy_detail::either(env, "HTTPS_PROXY", "https_proxy")
                                  : proxy_detail::either(env, "HTTP_PROXY", "http_proxy");
  if (proxy.empty()) proxy = proxy_detail::either(env, "ALL_PROXY", "all_proxy");
  if (proxy.empty()) return std::nullopt;
  if (bypasses_proxy(proxy_detail::either(env, "NO_PROXY", "no_proxy"), endpoint.host)) return std::nullopt;
  if (proxy.find("://") == std::string_view::npos) return fmt::format("http://{}", proxy);
  return std::string(proxy);
}

}  // namespace burin::io
