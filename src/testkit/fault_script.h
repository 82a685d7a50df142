// Re-cutting of streams: the same bytes in other pieces, with other line ends, or only a beginning of them.
//
// A network delivers any pieces; a parser must give the same events for all of them. These helpers make the pieces, so
// that a parser test is a loop: for every cut, feed, compare with the uncut result.
//
// Pure functions. Views point into the text that was given.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "testkit/response.h"

namespace burin::testkit {

using Pieces = std::vector<std::string_view>;

/// Pieces of `size` bytes (at least 1), the last one may be shorter. Nothing for an empty text.
Pieces in_pieces(std::string_view text, std::size_t size);
/// Two pieces for every position from 0 to the end: the first or the last one may be empty.
std::vector<Pieces> cut_everywhere(std::string_view text);
/// Pieces of 1 to `longest` bytes, the same for equal seeds.
Pieces in_random_pieces(std::string_view text, std::uint64_t seed, std::size_t longest);

enum class LineEnd : std::uint8_t { lf, crlf, cr };
/// The text, whose lines end in LF, with other line ends.
std::string with_line_ends(std::string_view text, LineEnd end);

/// A response that sends the first `count` bytes of this one's body and then fails in that way. Sleeps and gates are
/// left out.
Response cut_after(const Response& response, std::size_t count, End how = End::truncate);

}  // namespace burin::testkit
