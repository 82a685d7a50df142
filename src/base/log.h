// Diagnostics for developers: never for what a user must know (that is an event or an error).
//
// Off by default; a front end turns it on with set_log_filter, which takes the syntax of RUST_LOG in small: a level
// (error, warn, info, debug, trace), optionally per target ("warn,model=debug"). Lines go to stderr, without a time
// stamp: the clock belongs to the io room. Any thread may log.
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace burin {

enum class Level : unsigned char { error, warn, info, debug, trace, off };

/// Unknown levels are ignored. `json` chooses one JSON object for each line.
void set_log_filter(std::string_view filter, bool json = false);
bool log_enabled(Level level, std::string_view target);
void log_line(Level level, std::string_view target, std::string_view text);

template <class... A>
void log(Level level, std::string_view target, fmt::format_string<A...> f, A&&... args) {
  if (log_enabled(level, target)) log_line(level, target, fmt::format(f, std::forward<A>(args)...));
}

}  // namespace burin
