#include "testkit/compaction.h"

#include "testkit/event_builders.h"

namespace burin::testkit {

json::value compact_history(const json::value& request_body, std::string_view summary, SummaryShape shape) {
  json::array output;
  if (const auto* input = find_array(request_body, "input")) {
    for (const auto& item : *input) {
      auto role = find_string(item, "role");
      if (find_string(item, "type") == "message" && (role == "user" || role == "developer")) output.push_back(item);
    }
  }
  if (shape == SummaryShape::user_message) {
    output.push_back(user_message_item(summary));
  } else {
    output.push_back(compaction_item(summary));
  }
  json::object body;
  body["output"] = std::move(output);
  return body;
}

}  // namespace burin::testkit
