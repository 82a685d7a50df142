// Delays between attempts (model-client.md 9.4, 9.5): 200 ms doubling, with a jitter of ten percent either way.
#pragma once
#include <cmath>

#include "io/clock.h"
#include "io/time.h"

namespace burin::model {

/// Delay before retry `attempt` (from 1). There is no upper bound: the number of attempts is bounded.
inline io::Span backoff(io::Random& random, std::uint64_t attempt) {
  double ms = 200.0 * std::pow(2.0, static_cast<double>(attempt - 1)) * (0.9 + 0.2 * random.unit());
  return io::duration_cast<io::Span>(std::chrono::duration<double, std::milli>(ms));
}

}  // namespace burin::model
