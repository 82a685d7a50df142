// Monotonic time of the loop. Wall-clock time is asked of io::Clock.
#pragma once
#include <chrono>

namespace burin::io {
using Time = std::chrono::steady_clock::time_point;
using Span = std::chrono::steady_clock::duration;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Seconds as a double, for texts.
inline double to_seconds(Span s) { return std::chrono::duration<double>(s).count(); }
}  // namespace burin::io
