// What is remembered of networks that carry no WebSockets, so that the next session does not pay for finding out again.
//
// A verdict holds for one provider on one network (default routes, name servers, proxies) and ends after ten minutes.
// It is a hint: a file that is missing, broken or cannot be written changes nothing but time.
#pragma once
#include <string>
#include <string_view>

#include "io/world.h"

namespace burin::model {

constexpr std::int64_t verdict_life_s = 600;

/// True when a WebSocket to the URL's server is known not to work on this network.
bool websocket_known_broken(io::World& world, const std::string& home, std::string_view url);
void remember_websocket_broken(io::World& world, const std::string& home, std::string_view url);

/// The network that the machine is on; equal texts mean the same one.
std::string network_fingerprint(io::World& world);

}  // namespace burin::model
