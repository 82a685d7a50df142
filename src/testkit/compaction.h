// The one default behaviour of the remote compaction mock (model-client.md 16.8, context.md 10): keep what users and
// developers said, drop everything else, append the summary. Pure functions.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/json.h"

namespace burin::testkit {

enum class SummaryShape : std::uint8_t {
  user_message,    // {"type":"message","role":"user","content":[{"type":"input_text","text":…}]}
  compaction_item  // {"type":"compaction","encrypted_content":…}
};

/// {"output":[…]} for a compaction request with this body. The summary is used verbatim.
json::value compact_history(const json::value& request_body, std::string_view summary, SummaryShape shape);

}  // namespace burin::testkit
