// Errors that other protocols name by words: in the body of a reply, or inside the stream.
#pragma once
#include <optional>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "model/error.h"

namespace burin::model {

/// What an error says that is more than its status: the prompt is too long, the money is gone, the server is full.
/// `error` is its object (type, code, message) or its text.
std::optional<ModelError> named_error(const boost::json::value& error);

/// The same for the body of a reply; `status` is kept in the error.
std::optional<ModelError> named_http_error(int status, std::string_view body);

/// An error inside the stream: a named one, a request that will never do, or one that may pass.
ModelError in_stream_error(const boost::json::value& error);

}  // namespace burin::model
