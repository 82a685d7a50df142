// Reads one HTTP/1.1 request from bytes as they arrive (RFC 9112), strictly: what is ambiguous is refused, because a
// test server that guesses would hide the faults of its clients.
//
// Plain data and no I/O, so that it can be fed byte by byte. Limits: head and trailers 64 KiB each, body as told.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/http.h"

namespace burin::io {

struct ServerRequest {
  std::string method;
  std::string target;       // as sent: origin form, absolute form (proxies), authority form (CONNECT) or "*"
  std::string path, query;  // of the target; the query without '?'
  int minor_version = 1;    // of HTTP/1.x
  Headers headers;          // in order, names as sent, values without white space at the ends
  std::string body;         // chunks joined, otherwise as sent

  /// Value of the first header of that name, ignoring case.
  std::optional<std::string_view> header(std::string_view name) const;
  /// True when the connection may carry another request after this one.
  bool keeps_alive() const;
};

class RequestParser {
 public:
  explicit RequestParser(std::size_t body_limit = 512 << 20) : body_limit_(body_limit) {}

  /// Takes bytes up to the end of the request and returns how many it took: all, unless it is done or has failed.
  std::size_t feed(std::string_view bytes);
  bool done() const { return state_ == State::done; }
  bool failed() const { return state_ == State::failed; }
  /// True before the first byte of a request.
  bool idle() const { return state_ == State::start && line_.empty(); }
  /// True once, when the head has been read and asks for "100 Continue" before it sends the body.
  bool take_expectation();
  /// After a failure: the status to answer with, and why.
  int error_status() const { return error_status_; }
  const std::string& error_text() const { return error_text_; }
  /// The finished request; the parser is ready for the next one.
  ServerRequest take();

 private:
  enum class State : std::uint8_t { start, headers, body, chunk_size, chunk_data, chunk_end, trailers, done, failed };
  void take_line(std::string_view line);
  void take_start(std::string_view line);
  void take_header(std::string_view line);
  void take_chunk_size(std::string_view line);
  void end_of_head();
  void fail_with(int status, std::string text);

  std::size_t body_limit_;
  State state_ = State::start;
  ServerRequest request_;
  std::string line_;
  std::size_t head_size_ = 0;
  std::uint64_t remaining_ = 0;
  bool expects_ = false;
  int error_status_ = 0;
  std::string error_text_;
};

}  // namespace burin::io
