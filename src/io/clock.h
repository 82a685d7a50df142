// Wall-clock time and randomness.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace burin::io {

/// Broken-down local time.
struct LocalTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds since the Unix epoch, UTC.
  virtual std::int64_t now_ns() = 0;
  std::int64_t now_ms() { return now_ns() / 1'000'000; }
  /// Local time of `unix_seconds` in the user's zone.
  virtual LocalTime local(std::int64_t unix_seconds) = 0;
  /// IANA name of the user's zone ("Europe/Madrid"); "Etc/UTC" when unknown.
  virtual std::string timezone() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  std::uint64_t next();
  /// Uniform in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high);
  /// Uniform in [0, 1).
  double unit();
};

Clock& real_clock();
Random& real_random();

/// A clock that stands at a given instant until moved; UTC.
class FixedClock : public Clock {
 public:
  explicit FixedClock(std::int64_t ns = 1'772'446'510'000'000'000) : ns_(ns) {}  // 2026-03-02T10:15:10Z
  std::int64_t now_ns() override { return ns_; }
  LocalTime local(std::int64_t unix_seconds) override;
  std::string timezone() override { return "Etc/UTC"; }
  void advance_ms(std::int64_t ms) { ns_ += ms * 1'000'000; }

 private:
  std::int64_t ns_;
};

/// Deterministic numbers from a seed.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

/// "2026-03-05T09:15:10.017Z" from milliseconds since the epoch.
std::string utc_ms_text(std::int64_t unix_ms);
/// "2026-03-05T09:15:10.017123456Z" from nanoseconds since the epoch.
std::string utc_ns_text(std::int64_t unix_ns);
/// "2026-03-05T09:15:10Z" from seconds since the epoch.
std::string utc_seconds_text(std::int64_t unix_seconds);
/// Seconds since the epoch of a date and time in UTC; nullopt when there is no such date.
std::optional<std::int64_t> unix_seconds_of(const LocalTime& utc);
/// Seconds since the epoch of an RFC 3339 text, fractions cut off: "2026-03-05T09:15:10.017Z", "…+01:00".
std::optional<std::int64_t> parse_rfc3339(std::string_view text);
/// Lower-case hyphenated UUID, version 7: time-ordered.
std::string uuid_v7(Clock& clock, Random& random);
/// Lower-case hyphenated UUID, version 4.
std::string uuid_v4(Random& random);

}  // namespace burin::io
