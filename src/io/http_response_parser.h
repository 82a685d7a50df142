// Reads the head of an HTTP/1.1 response, and a body of known length, from bytes as they arrive (RFC 9112).
//
// Only the WebSocket handshake needs it: every other response is libcurl's business.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/http.h"

namespace burin::io {

class HttpResponseParser {
 public:
  /// Bytes of a body beyond `body_limit` are dropped.
  explicit HttpResponseParser(std::size_t body_limit) : body_limit_(body_limit) {}
  /// Takes bytes and returns how many belong to the response: fewer than given once it is done.
  std::size_t feed(std::string_view bytes);
  /// The connection has ended: a body without a length is whole.
  void end();
  bool done() const { return state_ == State::done; }
  bool failed() const { return state_ == State::failed; }
  bool has_head() const { return state_ != State::status && state_ != State::headers && state_ != State::failed; }

  int status = 0;
  Headers headers;
  std::string body;

 private:
  enum class State : std::uint8_t {
    status,
    headers,
    length,
    until_end,
    chunk_size,
    chunk,
    chunk_end,
    trailers,
    done,
    failed
  };
  void take_line(std::string_view line);
  void end_of_head();
  void keep(std::string_view bytes);

  std::size_t body_limit_;
  State state_ = State::status;
  std::string line_;
  std::size_t head_size_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace burin::io
