#include "io/ws_deflate.h"

#include <array>

#include <zlib.h>

#include "base/text.h"

namespace burin::io {

namespace ws_deflate_detail {

// Requests repeat each other. The fastest levels miss the long matches that the window holds: with them a request of
// 14 kB that repeats the one before takes 670 bytes, from level 4 on 130, at the same cost.
constexpr int level = 5;
constexpr std::string_view flush_tail("\x00\x00\xff\xff", 4);
constexpr int smallest_zlib_window = 9;

/// "15" or "\"15\"", from 8 to 15.
std::optional<int> window_bits(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  auto n = parse_uint(value);
  if (!n || *n < 8 || *n > 15) return std::nullopt;
  return static_cast<int>(*n);
}

class ZlibDeflate : public WsDeflate {
 public:
  ZlibDeflate(int out_bits, bool out_reset, int in_bits, bool in_reset)
      : out_bits_(out_bits),
        out_reset_(out_reset),
        in_bits_(std::max(in_bits, smallest_zlib_window)),
        in_reset_(in_reset) {}
  ~ZlibDeflate() override {
    if (out_open_) deflateEnd(&out_);
    if (in_open_) inflateEnd(&in_);
  }
  ZlibDeflate(const ZlibDeflate&) = delete;
  ZlibDeflate& operator=(const ZlibDeflate&) = delete;

  std::optional<std::string> compress(std::string_view message) override {
    if (out_bits_ < smallest_zlib_window) return std::nullopt;
    if (!out_open_) {
      if (deflateInit2(&out_, level, Z_DEFLATED, -out_bits_, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
      out_open_ = true;
    }
    std::string result(deflateBound(&out_, message.size()) + 16, '\0');
    out_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
    out_.avail_in = static_cast<uInt>(message.size());
    std::size_t size = 0;
    do {
      if (size == result.size()) result.resize(result.size() * 2);
      out_.next_out = reinterpret_cast<Bytef*>(result.data() + size);
      out_.avail_out = static_cast<uInt>(result.size() - size);
      deflate(&out_, Z_SYNC_FLUSH);
      size = result.size() - out_.avail_out;
    } while (out_.avail_out == 0);
    result.resize(size);
    if (result.ends_with(flush_tail)) result.resize(size - flush_tail.size());
    if (result.empty()) result.push_back('\0');  // RFC 7692 7.2.3.6: an empty message is one empty block
    if (out_reset_) deflateReset(&out_);
    return result;
  }

  Result<std::string> decompress(std::string_view message, std::size_t limit) override {
    if (!in_open_) {
      if (inflateInit2(&in_, -in_bits_) != Z_OK) return fail(Kind::internal, "zlib has no memory");
      in_open_ = true;
    }
    std::string result;
    result.reserve(std::min(limit, message.size() * 4));
    CHECK(inflate_piece(message, limit, result));
    CHECK(inflate_piece(flush_tail, limit, result));
    if (in_reset_) inflateReset(&in_);
    return result;
  }

 private:
  Result<> inflate_piece(std::string_view piece, std::size_t limit, std::string& result) {
    std::array<char, 16 * 1024> buffer;
    in_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    in_.avail_in = static_cast<uInt>(piece.size());
    for (;;) {
      in_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      in_.avail_out = buffer.size();
      int code = inflate(&in_, Z_SYNC_FLUSH);
      result.append(buffer.data(), buffer.size() - in_.avail_out);
      if (result.size() > limit) return fail(Kind::invalid, "a compressed message is too large");
      // A final block ends the stream; the next message begins a new one.
      if (code == Z_STREAM_END) {
        inflateReset(&in_);
        if (in_.avail_in == 0) return {};
        continue;
      }
      if (code != Z_OK && code != Z_BUF_ERROR) return fail(Kind::invalid, "a compressed message is broken");
      if (in_.avail_out != 0) return {};
    }
  }

  int out_bits_;
  bool out_reset_;
  int in_bits_;
  bool in_reset_;
  z_stream out_{}, in_{};
  bool out_open_ = false, in_open_ = false;
};

}  // namespace ws_deflate_detail

using namespace ws_deflate_detail;

Result<std::optional<WsDeflateParams>> read_deflate_answer(std::string_view header) {
  if (trim(header).empty()) return std::nullopt;
  auto bad = [&] {
    return fail(Kind::invalid, fmt::format("the server chose WebSocket extensions that were not offered: {}", header));
  };
  auto parts = split(header, ';');
  if (trim(parts[0]) != "permessage-deflate") return bad();
  WsDeflateParams params;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    auto part = trim(parts[i]);
    auto equals = part.find('=');
    auto name = trim(part.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string_view() : trim(part.substr(equals + 1));
    if (name == "server_no_context_takeover" && value.empty()) {
      params.server_no_context_takeover = true;
    } else if (name == "client_no_context_takeover" && value.empty()) {
      params.client_no_context_takeover = true;
    } else if (auto bits = window_bits(value); bits && name == "server_max_window_bits") {
      params.server_window_bits = *bits;
    } else if (bits && name == "client_max_window_bits") {
      params.client_window_bits = *bits;
    } else {
      return bad();
    }
  }
  return params;
}

std::shared_ptr<WsDeflate> WsDeflate::create(const WsDeflateParams& p, bool server) {
  if (server) {
    return std::make_shared<ZlibDeflate>(p.server_window_bits, p.server_no_context_takeover, p.client_window_bits,
                                         p.client_no_context_takeover);
  }
  return std::make_shared<ZlibDeflate>(p.client_window_bits, p.client_no_context_takeover, p.server_window_bits,
                                       p.server_no_context_takeover);
}

}  // namespace burin::io
