#include "agent/limit_wait.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace burin::agent {

namespace limit_wait_detail {

constexpr std::int64_t announce_every_s = 60;
/// Clocks differ: a request in the very second of the reset would be refused again.
constexpr std::int64_t margin_s = 2;

std::string file_of(const Session& session) { return path::join(session.config.home, "rate_limit_wait.json"); }

/// Whose limit it is; no part of a credential can be read from it.
std::string key_of(const Session& session) {
  const auto& auth = session.client->auth();
  return fmt::format("{} {:016x}", session.config.provider.id, hash64(auth.account_id.value_or(auth.token)));
}

std::int64_t now_s(const Session& session) { return session.world.clock.now_ms() / 1000; }

json::object read_waits(const Session& session) {
  json::object out;
  auto text = session.world.files.read(file_of(session), 1 << 20);
  auto document = text ? parse_json(*text) : tl::unexpected(text.error());
  if (!document || !document->is_object()) return out;
  for (const auto& [key, value] : document->get_object()) {
    if (value.is_int64() && value.get_int64() > now_s(session)) out[key] = value;
  }
  return out;
}

void remember(Session& session, std::int64_t until) {
  auto waits = read_waits(session);
  waits[key_of(session)] = until;
  auto written = session.world.files.write_atomic(file_of(session), dump(json::value(std::move(waits))), 0600);
  if (!written) log(Level::warn, "agent", "{}", written.error().text());
}

std::string duration_text(std::int64_t seconds) {
  if (seconds >= 3600) return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
  if (seconds >= 60) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  return fmt::format("{} s", seconds);
}

/// The first word is an event that every front end shows; the countdown is for those who watch.
io::Task<> count_down(Session& session, std::int64_t until, const std::string& reason) {
  // The wall clock counts, because a machine may sleep; the loop's clock bounds the wait if someone turns it back.
  const io::Time end = session.world.loop.now() + io::seconds(until - now_s(session));
  auto seconds_left = [&] {
    auto by_loop = io::duration_cast<std::chrono::seconds>(end - session.world.loop.now()).count();
    return std::min<std::int64_t>(until - now_s(session), by_loop);
  };
  bool first = true;
  for (std::int64_t left = seconds_left(); left > 0; left = seconds_left()) {
    std::string text = fmt::format("Waiting {} for the usage limit to be lifted", duration_text(left));
    if (std::exchange(first, false)) {
      wire::event::StreamError event;
      event.message = text;
      event.codex_error_info = wire::CodexErrorInfo::named("usage_limit_exceeded");
      event.additional_details = reason;
      session.emit(std::move(event));
    } else {
      session.emit(wire::event::BackgroundEvent{std::move(text)});
    }
    std::int64_t nap = left % announce_every_s == 0 ? announce_every_s : left % announce_every_s;
    co_await io::sleep(io::seconds(nap));
  }
}

/// Whether the end of the limit is near enough to wait for it.
bool worth_it(const Session& session, std::int64_t until) {
  auto limit = static_cast<std::int64_t>(session.config.rate_limit_wait_minutes) * 60;
  return limit > 0 && until - now_s(session) <= limit;
}

}  // namespace limit_wait_detail

using namespace limit_wait_detail;

io::Task<bool> wait_for_limit(Session& session, const model::ModelError& error) {
  bool limited = error.cls == model::ErrorClass::usage_limit_reached || error.cls == model::ErrorClass::retry_limit;
  if (!limited || !error.retry_at) co_return false;
  std::int64_t until = std::max(*error.retry_at, now_s(session)) + margin_s;
  if (!worth_it(session, until)) co_return false;
  remember(session, until);
  co_await count_down(session, until, error.message);
  co_return true;
}

io::Task<> wait_for_known_limit(Session& session) {
  if (session.config.rate_limit_wait_minutes == 0) co_return;
  auto waits = read_waits(session);
  const auto* until = waits.if_contains(key_of(session));
  if (until != nullptr && worth_it(session, until->get_int64())) {
    co_await count_down(session, until->get_int64(), "an earlier request met the limit");
  }
}

}  // namespace burin::agent
