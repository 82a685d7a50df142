// The command line of `burin mock-server`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace burin::testkit {

struct ProgramOptions {
  std::string script, log, ready_file;  // paths; empty: none
  std::uint16_t port = 0;
  bool repeat_last = false, strict = false, help = false;
  std::optional<std::uint64_t> exit_after;  // answered POST …/responses
  std::optional<double> timeout_s;
};

/// Errors name the option.
Result<ProgramOptions> parse_program_options(const std::vector<std::string>& args);
std::string_view program_usage();

}  // namespace burin::testkit
