// Where the prompt comes from (cli-config.md 3.3).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/task.h"

namespace burin::exec {

class Out;

/// The text of the prompt. A prompt argument is taken at once and stdin is left alone; "-" or no argument reads stdin
/// to its end. The error's `what` is the line to print.
io::Task<Result<std::string>> read_prompt(std::optional<std::string> argument, Out& err);

/// UTF-8 with optional BOM, UTF-16 by its BOM; UTF-32 and ill-formed text are refused.
Result<std::string> decode_prompt(std::string bytes);

}  // namespace burin::exec
