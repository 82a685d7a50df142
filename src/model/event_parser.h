// The JSON of one event after another, in memory that is used again.
//
// Why: a long answer is hundreds of thousands of small events. Most are a few hundred bytes: they fit into a buffer
// that is kept, and nothing is allocated for them.
#pragma once
#include <optional>
#include <string_view>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>

namespace burin::model {

class EventParser {
 public:
  EventParser();
  EventParser(const EventParser&) = delete;
  EventParser& operator=(const EventParser&) = delete;

  /// Null for data that is not JSON, which is logged. Valid until the next call.
  const boost::json::value* parse(std::string_view data);

 private:
  alignas(16) unsigned char buffer_[16 * 1024];
  std::optional<boost::json::monotonic_resource> memory_;
  boost::json::stream_parser parser_;
  std::optional<boost::json::value> event_;  // lies in memory_
};

}  // namespace burin::model
