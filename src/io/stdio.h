// The standard streams of the process: terminals, whole input, whole output.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/task.h"

namespace burin::io {

bool is_terminal(int fd);
/// Writes everything; false when the other end is gone or full forever (EPIPE, EIO…).
bool write_all(int fd, std::string_view bytes);
/// Reads a descriptor to its end, waiting on the loop.
Task<Result<std::string>> read_to_end(int fd);

}  // namespace burin::io
