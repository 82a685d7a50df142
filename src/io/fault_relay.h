// A relay between a client and a server on the loopback that breaks the connection as planned: after the k-th byte of
// the server's answer it cuts, resets, falls silent, or lets the rest through byte by byte.
//
// What it is for: the real client over real sockets, with faults at every byte of a real exchange.
//
// Ownership: stop() must have finished before the relay is destroyed, and the relay goes before the loop. Real sockets
// need real time. Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/task.h"
#include "io/time.h"

namespace burin::io {

struct FaultPlan {
  enum class Fault : std::uint8_t {
    none,
    cut,      // the connection ends (FIN)
    reset,    // the connection breaks (RST)
    stall,    // nothing more comes, the connection stays
    dribble,  // every further byte comes alone, `pause` after the one before
  } fault = Fault::none;
  std::size_t after = 0;  // bytes from the server that pass first
  Span pause{};
};

class FaultRelay {
 public:
  virtual ~FaultRelay() = default;
  /// Relays to 127.0.0.1:target; `plan` is asked for each connection, which are numbered from 0.
  static Result<std::unique_ptr<FaultRelay>> start(Loop& loop, std::uint16_t target,
                                                   std::function<FaultPlan(std::size_t)> plan);
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
  /// Bytes that servers have sent over all connections, whether they passed or not.
  virtual std::size_t answered() const = 0;
  virtual Task<> stop() = 0;
};

}  // namespace burin::io
