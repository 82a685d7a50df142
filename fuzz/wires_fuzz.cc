// Whatever a server of another protocol streams: the decoder survives it, ends in one way only, and what came out of it
// makes the next request a JSON document.
#include <cstdlib>

#include <boost/json/parse.hpp>

#include "base/json.h"
#include "model/anthropic_wire.h"
#include "model/chat_wire.h"
#include "model/sse.h"

namespace {

using namespace burin;
using namespace burin::model;

constexpr std::string_view tools = R"([{"type":"custom","name":"apply_patch"},{"type":"function","name":"sh"}])";

Prompt prompt_of(const std::vector<std::string>& items) {
  Prompt out;
  out.instructions = "be good";
  out.tools = tools;
  out.input.assign(items.begin(), items.end());
  return out;
}

void answer(const Wire& wire, std::string_view body, std::vector<std::string>& items) {
  auto decoder = wire.decoder(prompt_of(items));
  std::vector<burin::wire::ModelEvent> events;
  SseParser parser;
  parser.feed(body, [&](std::string_view data) {
    if (!decoder->completed() && !decoder->fatal()) decoder->feed(data, events);
  });
  if (!decoder->completed() && !decoder->fatal()) decoder->end(events);
  if (decoder->completed() && decoder->fatal()) std::abort();
  for (const auto& event : events) {
    if (const auto* done = std::get_if<burin::wire::ItemDone>(&event))
      items.push_back(burin::wire::dump_item(done->item));
  }
}

void request(const Wire& wire, const std::vector<std::string>& items) {
  TurnSettings settings;
  settings.effort = burin::wire::ReasoningEffort::low;
  auto body = wire.body(prompt_of(items), settings, "t", {});
  if (!body) std::abort();  // our own items can be read
  json::error_code ec;
  json::parse_options deep;
  deep.max_depth = 1024;
  json::parse(*body, ec, {}, deep);
  if (ec) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const ChatWire chat;
  const AnthropicWire anthropic;
  std::vector<std::string> items;
  answer(chat, text, items);
  answer(anthropic, text, items);
  request(chat, items);
  request(anthropic, items);
  return 0;
}
