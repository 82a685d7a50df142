// Any bytes in any cut: the parser gives the same events as for the whole text, and the decoder survives them.
#include <cstdlib>

#include "model/sse.h"
#include "model/stream_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace burin::model;
  if (size < 2) return 0;
  std::size_t piece = 1 + data[0];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto parse = [&](std::size_t step) {
    SseParser parser;
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size(); at += step) {
      parser.feed(std::string(text.substr(at, step)), [&](std::string_view event) { out.emplace_back(event); });
    }
    return out;
  };
  auto whole = parse(text.size());
  if (parse(piece) != whole) std::abort();
  StreamDecoder decoder;
  std::vector<burin::wire::ModelEvent> events;
  for (const auto& event : whole) {
    if (decoder.completed() || decoder.fatal()) break;
    decoder.feed(event, events);
  }
  return 0;
}
