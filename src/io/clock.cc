#include "io/clock.h"

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace burin::io {

namespace clock_detail {

constexpr std::int64_t ns_per_second = 1'000'000'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// Proleptic Gregorian date of a day number; days count from 1970-01-01.
LocalTime civil(std::int64_t unix_seconds) {
  namespace chr = std::chrono;
  std::int64_t days = floor_div(unix_seconds, 86'400);
  auto rest = static_cast<int>(unix_seconds - days * 86'400);
  chr::year_month_day ymd{chr::sys_days{chr::days{days}}};
  return {static_cast<int>(ymd.year()),
          static_cast<int>(static_cast<unsigned>(ymd.month())),
          static_cast<int>(static_cast<unsigned>(ymd.day())),
          rest / 3600,
          rest / 60 % 60,
          rest % 60};
}

std::string seconds_text(std::int64_t unix_seconds) {
  LocalTime t = civil(unix_seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

bool is_zone(std::string_view name) {
  if (name.empty() || name.starts_with('/') || name.find("..") != std::string_view::npos) return false;
  struct ::stat st{};
  return ::stat(("/usr/share/zoneinfo/" + std::string(name)).c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

std::string link_target(const char* path) {
  char buffer[4096];
  ssize_t n = ::readlink(path, buffer, sizeof buffer);
  return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
}

std::string first_line(const char* path) {
  std::string line;
  if (FILE* f = std::fopen(path, "re")) {
    char buffer[256];
    if (std::fgets(buffer, sizeof buffer, f) != nullptr) line = buffer;
    std::fclose(f);
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  return line;
}

class RealClock : public Clock {
 public:
  std::int64_t now_ns() override {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return static_cast<std::int64_t>(t.tv_sec) * ns_per_second + t.tv_nsec;
  }

  LocalTime local(std::int64_t unix_seconds) override {
    // localtime_r alone need not look at TZ.
    ::tzset();
    auto at = static_cast<std::time_t>(unix_seconds);
    std::tm t{};
    if (::localtime_r(&at, &t) == nullptr) return civil(unix_seconds);
    return {t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec};
  }

  std::string timezone() override {
    // TZ first, because local() follows it too; POSIX rules such as "CET-1CEST" have no IANA name.
    if (const char* tz = std::getenv("TZ"); tz != nullptr) {
      std::string_view name = *tz == ':' ? tz + 1 : tz;
      if (is_zone(name)) return std::string(name);
    }
    std::string target = link_target("/etc/localtime");
    constexpr std::string_view marker = "zoneinfo/";
    if (auto at = target.find(marker); at != std::string::npos) {
      std::string name = target.substr(at + marker.size());
      if (is_zone(name)) return name;
    }
    if (std::string name = first_line("/etc/timezone"); is_zone(name)) return name;
    return "Etc/UTC";
  }
};

class RealRandom : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      ssize_t n = ::getrandom(out.data() + done, out.size() - done, 0);
      if (n > 0) {
        done += static_cast<std::size_t>(n);
      } else if (errno != EINTR) {
        // Ids and retry jitter without randomness would collide silently; there is no way on.
        std::abort();
      }
    }
  }
};

std::string uuid_text(const std::array<std::uint8_t, 16>& b) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += digits[b[i] >> 4];
    out += digits[b[i] & 15];
  }
  return out;
}

void set_version(std::array<std::uint8_t, 16>& b, std::uint8_t version) {
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0f) | (version << 4));
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3f) | 0x80);
}

}  // namespace clock_detail

Clock& real_clock() {
  static clock_detail::RealClock clock;
  return clock;
}

Random& real_random() {
  static clock_detail::RealRandom random;
  return random;
}

LocalTime FixedClock::local(std::int64_t unix_seconds) { return clock_detail::civil(unix_seconds); }

std::uint64_t Random::next() {
  std::array<std::uint8_t, 8> bytes{};
  fill(bytes);
  std::uint64_t n = 0;
  for (std::uint8_t b : bytes) n = n << 8 | b;
  return n;
}

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) {
  std::uint64_t count = high - low + 1;
  if (count == 0) return next();
  // Numbers below this bound would make the smallest remainders likelier than the others.
  std::uint64_t skip = (0 - count) % count;
  std::uint64_t n = next();
  while (n < skip) n = next();
  return low + n % count;
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

void SeededRandom::fill(std::span<std::uint8_t> out) {
  // splitmix64; the bytes of one number each, so that fill(8) and next() agree.
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) {
      state_ += 0x9e3779b97f4a7c15;
      word = state_;
      word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
      word = (word ^ word >> 27) * 0x94d049bb133111eb;
      word ^= word >> 31;
    }
    out[i] = static_cast<std::uint8_t>(word >> (8 * (7 - i % 8)));
  }
}

std::string utc_ms_text(std::int64_t unix_ms) {
  std::int64_t s = clock_detail::floor_div(unix_ms, 1000);
  return fmt::format("{}.{:03}Z", clock_detail::seconds_text(s), unix_ms - s * 1000);
}

std::string utc_ns_text(std::int64_t unix_ns) {
  std::int64_t s = clock_detail::floor_div(unix_ns, clock_detail::ns_per_second);
  return fmt::format("{}.{:09}Z", clock_detail::seconds_text(s), unix_ns - s * clock_detail::ns_per_second);
}

std::string utc_seconds_text(std::int64_t unix_seconds) { return clock_detail::seconds_text(unix_seconds) + "Z"; }

std::optional<std::int64_t> unix_seconds_of(const LocalTime& t) {
  namespace chr = std::chrono;
  chr::year_month_day date{chr::year{t.year}, chr::month{static_cast<unsigned>(t.month)},
                           chr::day{static_cast<unsigned>(t.day)}};
  bool time_ok = t.hour >= 0 && t.hour < 24 && t.minute >= 0 && t.minute < 60 && t.second >= 0 && t.second <= 60;
  if (!date.ok() || !time_ok) return std::nullopt;
  std::int64_t days = chr::sys_days{date}.time_since_epoch().count();
  return days * 86'400 + t.hour * 3600 + t.minute * 60 + t.second;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  auto number = [&](std::size_t at, std::size_t count) {
    int out = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
      out = out * 10 + (text[i] - '0');
    }
    return out;
  };
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 'd' && text[i] != shape[i] && !(shape[i] == 'T' && (text[i] == 't' || text[i] == ' '))) {
      return std::nullopt;
    }
  }
  auto seconds =
      unix_seconds_of({number(0, 4), number(5, 2), number(8, 2), number(11, 2), number(14, 2), number(17, 2)});
  if (!seconds || number(0, 4) < 0) return std::nullopt;
  std::size_t at = shape.size();
  if (text[at] == '.') {
    auto end = text.find_first_not_of("0123456789", at + 1);
    if (end == at + 1 || end == std::string_view::npos) return std::nullopt;
    at = end;
  }
  auto zone = text.substr(at);
  if (zone == "Z" || zone == "z") return seconds;
  int hours = number(at + 1, 2), minutes = number(at + 4, 2);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || hours < 0 || minutes < 0) {
    return std::nullopt;
  }
  int offset = hours * 3600 + minutes * 60;
  return *seconds - (zone[0] == '+' ? offset : -offset);
}

std::string uuid_v7(Clock& clock, Random& random) {
  std::array<std::uint8_t, 16> b{};
  random.fill(b);
  std::int64_t ns = clock.now_ns();
  std::int64_t ms = ns / 1'000'000;
  for (int i = 0; i < 6; ++i) b[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  // The twelve bits after the version hold the fraction of the millisecond (RFC 9562, method 3): ids that one process
  // makes one after the other sort in that order.
  auto fraction = static_cast<std::uint32_t>(ns % 1'000'000 * 4096 / 1'000'000);
  b[6] = static_cast<std::uint8_t>(fraction >> 8);
  b[7] = static_cast<std::uint8_t>(fraction);
  clock_detail::set_version(b, 7);
  return clock_detail::uuid_text(b);
}

std::string uuid_v4(Random& random) {
  std::array<std::uint8_t, 16> b{};
  random.fill(b);
  clock_detail::set_version(b, 4);
  return clock_detail::uuid_text(b);
}

}  // namespace burin::io
