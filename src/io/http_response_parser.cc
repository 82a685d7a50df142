#include "io/http_response_parser.h"

#include "base/text.h"

namespace burin::io {

namespace http_response_parser_detail {

constexpr std::size_t max_head = 64 << 10;

std::optional<std::uint64_t> parse_hex(std::string_view s) {
  if (s.empty() || s.size() > 15) return std::nullopt;
  std::uint64_t n = 0;
  for (char c : s) {
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    n = n * 16 + static_cast<unsigned>(digit);
  }
  return n;
}

}  // namespace http_response_parser_detail

using namespace http_response_parser_detail;

void HttpResponseParser::keep(std::string_view bytes) {
  body.append(bytes.substr(0, body_limit_ - std::min(body_limit_, body.size())));
}

void HttpResponseParser::end_of_head() {
  line_.clear();
  if (status >= 100 && status < 200 && status != 101) {
    // "100 Continue" and the like come before the answer that counts.
    headers.clear();
    state_ = State::status;
    return;
  }
  if (status == 101 || status == 204 || status == 304) {
    state_ = State::done;
    return;
  }
  state_ = State::until_end;
  for (const auto& [name, value] : headers) {
    if (equals_ignore_case(name, "transfer-encoding") && equals_ignore_case(value, "chunked")) {
      state_ = State::chunk_size;
      return;
    }
    if (equals_ignore_case(name, "content-length")) {
      auto n = parse_uint(value);
      state_ = !n ? State::failed : *n == 0 ? State::done : State::length;
      left_ = n.value_or(0);
    }
  }
}

void HttpResponseParser::take_line(std::string_view line) {
  switch (state_) {
    case State::status: {
      auto number = line.starts_with("HTTP/1.") && line.size() >= 12 ? parse_uint(line.substr(9, 3)) : std::nullopt;
      status = static_cast<int>(number.value_or(0));
      state_ = status >= 100 ? State::headers : State::failed;
      return;
    }
    case State::headers: {
      if (line.empty()) return end_of_head();
      auto colon = line.find(':');
      if (colon == std::string_view::npos || colon == 0) {
        state_ = State::failed;
      } else {
        headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
      }
      return;
    }
    case State::chunk_size: {
      auto n = parse_hex(trim(line.substr(0, line.find(';'))));
      left_ = n.value_or(0);
      state_ = !n ? State::failed : left_ == 0 ? State::trailers : State::chunk;
      return;
    }
    case State::chunk_end:
      state_ = line.empty() ? State::chunk_size : State::failed;
      return;
    default:
      if (line.empty()) state_ = State::done;  // after the trailers
      return;
  }
}

std::size_t HttpResponseParser::feed(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !done() && !failed()) {
    std::string_view rest = bytes.substr(at);
    if (state_ == State::until_end) {
      keep(rest);
      return bytes.size();
    }
    if (state_ == State::length || state_ == State::chunk) {
      std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      keep(rest.substr(0, n));
      at += n;
      left_ -= n;
      if (left_ == 0) state_ = state_ == State::length ? State::done : State::chunk_end;
      continue;
    }
    auto newline = rest.find('\n');
    std::size_t n = newline == std::string_view::npos ? rest.size() : newline + 1;
    line_ += rest.substr(0, n);
    at += n;
    head_size_ += n;
    if (head_size_ > max_head) state_ = State::failed;
    if (newline == std::string_view::npos || failed()) continue;
    std::string line = std::move(line_);
    line_.clear();
    line.pop_back();
    if (line.ends_with('\r')) line.pop_back();
    take_line(line);
  }
  return at;
}

void HttpResponseParser::end() {
  if (state_ == State::until_end || state_ == State::length || state_ == State::chunk) {
    state_ = State::done;  // what there is of a refusal's text is good enough
  } else if (state_ != State::done) {
    state_ = State::failed;
  }
}

}  // namespace burin::io
