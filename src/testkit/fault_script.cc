#include "testkit/fault_script.h"

#include "base/text.h"
#include "io/clock.h"

namespace burin::testkit {

Pieces in_pieces(std::string_view text, std::size_t size) {
  Pieces out;
  for (std::size_t at = 0; at < text.size(); at += size) out.push_back(text.substr(at, size));
  return out;
}

std::vector<Pieces> cut_everywhere(std::string_view text) {
  std::vector<Pieces> out;
  for (std::size_t at = 0; at <= text.size(); ++at) out.push_back({text.substr(0, at), text.substr(at)});
  return out;
}

Pieces in_random_pieces(std::string_view text, std::uint64_t seed, std::size_t longest) {
  io::SeededRandom random(seed);
  Pieces out;
  while (!text.empty()) {
    out.push_back(text.substr(0, random.between(1, longest)));
    text.remove_prefix(out.back().size());
  }
  return out;
}

std::string with_line_ends(std::string_view text, LineEnd end) {
  static constexpr std::string_view bytes[] = {"\n", "\r\n", "\r"};
  return replace_all(text, "\n", bytes[static_cast<std::size_t>(end)]);
}

Response cut_after(const Response& response, std::size_t count, End how) {
  Response out = response;
  std::string body = body_text(response).substr(0, count);
  out.steps.clear();
  if (!body.empty()) out.steps.emplace_back(RawStep{std::move(body)});
  out.end = how;
  return out;
}

}  // namespace burin::testkit
