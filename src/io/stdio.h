// The standard streams of the process: terminals, whole input, whole output.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/task.h"

namespace burin::io {

bool is_terminal(int fd);
/// Columns of the terminal behind a descriptor; nullopt when it is none or does not tell.
std::optional<std::size_t> terminal_columns(int fd);
/// Opens /dev/null as each of the three streams that the process was started without: the next file that is opened
/// would otherwise take its number, and receive what is printed.
void open_missing_streams();
/// Writes everything; false when the other end is gone or full forever (EPIPE, EIO…), and errno tells which.
bool write_all(int fd, std::string_view bytes);
/// Reads a descriptor to its end, waiting on the loop.
Task<Result<std::string>> read_to_end(int fd);

}  // namespace burin::io
