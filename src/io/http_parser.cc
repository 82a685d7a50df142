#include "io/http_parser.h"

#include <charconv>

#include "base/text.h"

namespace burin::io {

namespace http_parser_detail {

constexpr std::size_t head_limit = 64 << 10;

bool is_token(std::string_view s) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !s.empty() && std::all_of(s.begin(), s.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::string_view trim_blanks(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

bool has_control(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; });
}

/// True when `name` is one of the comma-separated words of the value.
bool lists(std::string_view value, std::string_view name) {
  for (std::string_view word : split(value, ',')) {
    if (equals_ignore_case(trim_blanks(word), name)) return true;
  }
  return false;
}

/// Path and query of a target in origin or absolute form; both empty for the other forms.
void split_target(ServerRequest& r) {
  std::string_view rest = r.target;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_ignore_case(rest, scheme)) continue;
    rest.remove_prefix(scheme.size());
    std::size_t end = rest.find_first_of("/?");
    rest = end == std::string_view::npos ? std::string_view("/") : rest.substr(end);
    break;
  }
  if (!rest.starts_with('/') && !rest.starts_with('?')) return;
  std::size_t mark = rest.find('?');
  r.path = rest.substr(0, mark);
  if (mark != std::string_view::npos) r.query = rest.substr(mark + 1);
}

}  // namespace http_parser_detail

std::optional<std::string_view> ServerRequest::header(std::string_view name) const {
  for (const auto& [n, value] : headers) {
    if (equals_ignore_case(n, name)) return value;
  }
  return std::nullopt;
}

bool ServerRequest::keeps_alive() const {
  std::string_view connection = header("connection").value_or("");
  return minor_version >= 1 ? !http_parser_detail::lists(connection, "close")
                            : http_parser_detail::lists(connection, "keep-alive");
}

void RequestParser::fail_with(int status, std::string text) {
  state_ = State::failed;
  error_status_ = status;
  error_text_ = std::move(text);
}

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !done() && !failed()) {
    if (state_ == State::body || state_ == State::chunk_data) {
      auto n = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size() - at));
      request_.body.append(bytes, at, n);
      at += n;
      remaining_ -= n;
      if (remaining_ == 0) state_ = state_ == State::body ? State::done : State::chunk_end;
      continue;
    }
    std::size_t end = bytes.find('\n', at);
    std::size_t stop = end == std::string_view::npos ? bytes.size() : end + 1;
    head_size_ += stop - at;
    line_.append(bytes, at, stop - at);
    at = stop;
    if (head_size_ > http_parser_detail::head_limit) {
      fail_with(431, "the head of the request is larger than 64 KiB");
    } else if (end != std::string_view::npos) {
      std::string line = std::exchange(line_, {});
      if (!line.ends_with("\r\n")) {
        fail_with(400, "a line does not end with CR LF");
      } else {
        take_line(std::string_view(line).substr(0, line.size() - 2));
      }
    }
  }
  return at;
}

void RequestParser::take_line(std::string_view line) {
  switch (state_) {
    case State::start:
      return take_start(line);
    case State::headers:
      return line.empty() ? end_of_head() : take_header(line);
    case State::chunk_size:
      return take_chunk_size(line);
    case State::chunk_end:
      if (!line.empty()) return fail_with(400, "a chunk is longer than its size");
      state_ = State::chunk_size;
      head_size_ = 0;
      return;
    case State::trailers:
      // Trailers are read and dropped: nothing here has a use for them.
      if (line.empty()) state_ = State::done;
      return;
    default:
      return;
  }
}

void RequestParser::take_start(std::string_view line) {
  std::vector<std::string_view> parts = split(line, ' ');
  if (parts.size() != 3 || !http_parser_detail::is_token(parts[0]) || parts[1].empty() ||
      http_parser_detail::has_control(parts[1])) {
    return fail_with(400, "the request line is not METHOD TARGET VERSION");
  }
  if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") return fail_with(505, "only HTTP/1.0 and HTTP/1.1 are spoken");
  request_.method = parts[0];
  request_.target = parts[1];
  request_.minor_version = parts[2].back() - '0';
  http_parser_detail::split_target(request_);
  state_ = State::headers;
}

void RequestParser::take_header(std::string_view line) {
  std::size_t colon = line.find(':');
  std::string_view name = line.substr(0, colon);
  // This also refuses folded lines and blanks before the colon.
  if (colon == std::string_view::npos || !http_parser_detail::is_token(name)) {
    return fail_with(400, "a header line is not NAME: VALUE");
  }
  std::string_view value = http_parser_detail::trim_blanks(line.substr(colon + 1));
  if (http_parser_detail::has_control(value)) return fail_with(400, "a header value holds a control character");
  request_.headers.emplace_back(name, value);
}

void RequestParser::end_of_head() {
  std::optional<std::uint64_t> length;
  std::optional<std::string_view> coding;
  for (const auto& [name, value] : request_.headers) {
    if (equals_ignore_case(name, "content-length")) {
      auto n = parse_uint(value);
      if (!n || (length && *length != *n)) return fail_with(400, "content-length is not one number");
      length = n;
    } else if (equals_ignore_case(name, "transfer-encoding")) {
      if (coding) return fail_with(400, "more than one transfer-encoding");
      coding = value;
    }
  }
  if (coding && length) return fail_with(400, "both content-length and transfer-encoding");
  if (coding && !equals_ignore_case(*coding, "chunked"))
    return fail_with(501, "only the chunked transfer coding is known");
  if (length.value_or(0) > body_limit_) return fail_with(413, "the body is too large");
  head_size_ = 0;
  remaining_ = length.value_or(0);
  state_ = coding ? State::chunk_size : remaining_ > 0 ? State::body : State::done;
  expects_ = !done() && equals_ignore_case(request_.header("expect").value_or(""), "100-continue");
}

void RequestParser::take_chunk_size(std::string_view line) {
  std::string_view digits = http_parser_detail::trim_blanks(line.substr(0, line.find(';')));
  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return fail_with(400, "a chunk size is not a hexadecimal number");
  }
  if (size > body_limit_ - request_.body.size()) return fail_with(413, "the body is too large");
  remaining_ = size;
  head_size_ = 0;
  state_ = size == 0 ? State::trailers : State::chunk_data;
}

bool RequestParser::take_expectation() { return std::exchange(expects_, false); }

ServerRequest RequestParser::take() {
  ServerRequest finished = std::exchange(request_, {});
  *this = RequestParser(body_limit_);
  return finished;
}

}  // namespace burin::io
