// A session file as something to read or to process: `burin sessions export`.
#pragma once
#include <string>
#include <string_view>

#include "store/listing.h"
#include "wire/rollout.h"

namespace burin::cli {

/// The whole dialogue: what was said in full, tool calls folded with their outputs; with `reasoning`, the summaries of
/// the model's reasoning too.
std::string session_markdown(const store::SessionSummary& session, const std::vector<wire::RolloutLine>& lines,
                             bool reasoning);

/// The lines of a file as one JSON array, each as it stands there. Lines that are no JSON are left out and counted.
std::string session_json(std::string_view file, std::size_t& left_out);

}  // namespace burin::cli
