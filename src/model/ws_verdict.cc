#include "model/ws_verdict.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "io/proxy.h"

namespace burin::model {

namespace ws_verdict_detail {

std::string file_of(const std::string& home) { return path::join(home, "websocket_verdicts.json"); }

std::string key_of(io::World& world, std::string_view url) {
  auto endpoint = io::parse_endpoint(url);
  std::string server =
      endpoint ? fmt::format("{}://{}:{}", endpoint->scheme, endpoint->host, endpoint->port) : std::string(url);
  return fmt::format("{} {:016x}", server, hash64(network_fingerprint(world)));
}

/// The verdicts that still hold: key -> Unix seconds of their end.
json::object read_verdicts(io::World& world, const std::string& home, std::int64_t now) {
  json::object out;
  auto text = world.files.read(file_of(home), 1 << 20);
  auto document = text ? parse_json(*text) : tl::unexpected(text.error());
  if (!document || !document->is_object()) return out;
  for (const auto& [key, value] : document->get_object()) {
    bool holds = value.is_int64() && value.get_int64() > now && value.get_int64() <= now + verdict_life_s;
    if (holds) out[key] = value;
  }
  return out;
}

}  // namespace ws_verdict_detail

using namespace ws_verdict_detail;

std::string network_fingerprint(io::World& world) {
  std::string out;
  // Destination 00000000 is the default route; its gateway tells networks apart.
  if (auto routes = world.files.read("/proc/net/route", 1 << 20)) {
    for (auto line : lines(*routes)) {
      auto fields = split(line, '\t');
      if (fields.size() > 2 && fields[1] == "00000000") out += fmt::format("{} {}\n", fields[0], fields[2]);
    }
  }
  if (auto resolvers = world.files.read("/etc/resolv.conf", 1 << 20)) out += *resolvers;
  for (std::string_view name :
       {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"}) {
    out += fmt::format("{}={}\n", name, world.env.get(name).value_or(""));
  }
  return out;
}

bool websocket_known_broken(io::World& world, const std::string& home, std::string_view url) {
  auto verdicts = read_verdicts(world, home, world.clock.now_ms() / 1000);
  return !verdicts.empty() && verdicts.contains(key_of(world, url));
}

void remember_websocket_broken(io::World& world, const std::string& home, std::string_view url) {
  std::int64_t now = world.clock.now_ms() / 1000;
  auto verdicts = read_verdicts(world, home, now);
  verdicts[key_of(world, url)] = now + verdict_life_s;
  auto written = world.files.write_atomic(file_of(home), dump(json::value(std::move(verdicts))), 0600);
  if (!written) log(Level::debug, "model", "{}", written.error().text());
}

}  // namespace burin::model
