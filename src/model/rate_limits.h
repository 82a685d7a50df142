// Rate-limit snapshots from response headers and events (model-client.md 9.7).
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "io/http.h"
#include "wire/usage.h"

namespace burin::model {

/// The family of `limit_id` ("codex", "codex_other"); windows without data are null.
wire::RateLimitSnapshot parse_limit_family(const io::Headers& headers, std::string_view limit_id);

/// One snapshot for `codex`, even without any header, then one for each other family that has data, by id.
std::vector<wire::RateLimitSnapshot> parse_rate_limits(const io::Headers& headers);

/// The snapshot of a `codex.rate_limits` event, which comes over WebSocket only; nullopt when it cannot be read.
std::optional<wire::RateLimitSnapshot> parse_rate_limits_event(const boost::json::value& event);

/// The session's merged view: the new snapshot, except that credits and plan type survive a snapshot without them.
wire::RateLimitSnapshot merge_rate_limits(const wire::RateLimitSnapshot* old, wire::RateLimitSnapshot fresh);

}  // namespace burin::model
