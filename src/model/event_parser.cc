#include "model/event_parser.h"

#include "base/json.h"
#include "base/log.h"

namespace burin::model {

namespace event_parser_detail {

json::parse_options deep() {
  json::parse_options out;
  out.max_depth = 512;
  return out;
}

}  // namespace event_parser_detail

EventParser::EventParser() : parser_(json::storage_ptr(), event_parser_detail::deep()) {}

const json::value* EventParser::parse(std::string_view data) {
  parser_.reset();  // what a broken event left lies in memory_, too
  event_.reset();
  memory_.emplace(buffer_, sizeof buffer_);
  json::error_code ec;
  parser_.reset(&*memory_);
  parser_.write(data.data(), data.size(), ec);
  if (!ec) parser_.finish(ec);
  if (!ec) {
    event_.emplace(parser_.release(), &*memory_);
    return &*event_;
  }
  auto lenient = parse_json(data);
  if (!lenient) {
    log(Level::debug, "sse", "skipped data that is not JSON: {}", lenient.error().what);
    return nullptr;
  }
  event_.emplace(std::move(*lenient));
  return &*event_;
}

}  // namespace burin::model
