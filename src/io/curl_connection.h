// A Connection that libcurl has made: names, proxies and TLS are its business, the bytes are ours.
#pragma once
#include "io/connection.h"
#include "io/curl_multi.h"

namespace burin::io {

/// Each connection has a multi handle of its own, so that no other transfer can push it out of a shared cache.
Task<Result<std::unique_ptr<Connection>>> curl_connect(Loop& loop, const CurlApi& api, const Environment& env,
                                                       const CurlTrust& trust, ConnectRequest request);

}  // namespace burin::io
