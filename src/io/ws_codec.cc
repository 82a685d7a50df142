#include "io/ws_codec.h"

#include <array>
#include <cstring>

#include <sha1.h>

#include "base/text.h"

namespace burin::io {

namespace ws_codec_detail {

using Failure = WsDecoder::Failure;

tl::unexpected<Failure> broken(std::string text, WsClose code = ws_protocol_error) {
  return tl::unexpected(Failure{code, std::move(text)});
}

bool is_control(std::uint8_t opcode) { return (opcode & 8) != 0; }

bool known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

/// Codes that may stand in a close frame (RFC 6455 7.4).
bool sendable(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

/// Bytes that a frame's head takes, as far as its first two bytes tell.
std::size_t head_size(std::string_view head) {
  if (head.size() < 2) return 2;
  auto second = static_cast<unsigned char>(head[1]);
  std::size_t size = 2 + ((second & 0x80) != 0 ? 4 : 0);
  if ((second & 0x7f) == 126) size += 2;
  if ((second & 0x7f) == 127) size += 8;
  return size;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t n = 0;
  for (unsigned char c : bytes) n = n << 8 | c;
  return n;
}

void apply_mask(char* data, std::size_t size, const unsigned char* mask, std::uint64_t at) {
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>(data[i] ^ mask[(at + i) & 3]);
}

}  // namespace ws_codec_detail

using namespace ws_codec_detail;

tl::expected<void, Failure> WsDecoder::take_head() {
  auto first = static_cast<unsigned char>(head_[0]);
  auto second = static_cast<unsigned char>(head_[1]);
  std::uint8_t opcode = first & 0x0f;
  bool compressed = (first & 0x40) != 0;
  if ((first & 0x30) != 0 || !known(opcode)) return broken("a frame has reserved bits or an unknown opcode");
  bool masked = (second & 0x80) != 0;
  if (masked != (role_ == WsRole::server))
    return broken(masked ? "a server's frame is masked" : "a frame is not masked");
  fin_ = (first & 0x80) != 0;
  kind_ = static_cast<WsKind>(opcode);
  size_ = second & 0x7f;
  std::string_view rest = std::string_view(head_).substr(2);
  std::size_t wide = size_ == 126 ? 2 : size_ == 127 ? 8 : 0;
  if (wide != 0) size_ = big_endian(rest.substr(0, wide));
  if (masked) std::memcpy(mask_, rest.data() + wide, sizeof mask_);
  got_ = 0;
  if (is_control(opcode)) {
    if (compressed || !fin_ || size_ > 125) return broken("a control frame is fragmented, compressed or too long");
    control_.clear();
    return {};
  }
  if (size_ > limits_.frame) return broken("a frame is too large", ws_too_big);
  bool continues = kind_ == WsKind::continuation;
  if (continues != in_message_) {
    return broken(continues ? "a continuation without a message" : "a message begins inside another");
  }
  if (continues) {
    if (compressed) return broken("a continuation has reserved bits");
    ++message_.frames;
  } else {
    if (compressed && !deflate_) return broken("a message is compressed, which was not agreed upon");
    message_ = WsItem{.kind = kind_, .data = {}, .compressed = compressed};
    in_message_ = true;
  }
  if (message_.data.size() + size_ > limits_.message) return broken("a message is too large", ws_too_big);
  message_.wire_size += head_.size() + size_;
  message_.data.reserve(message_.data.size() + std::min<std::uint64_t>(size_, 1 << 20));
  return {};
}

tl::expected<void, Failure> WsDecoder::take_control(std::vector<WsItem>& out) {
  WsItem item{.kind = kind_, .data = std::move(control_), .wire_size = head_.size() + size_};
  if (kind_ == WsKind::close) {
    if (item.data.size() == 1) return broken("a close frame has half a code");
    item.close_code = ws_no_code;
    if (item.data.size() >= 2) {
      item.close_code = static_cast<std::uint16_t>(big_endian(std::string_view(item.data).substr(0, 2)));
      if (!sendable(item.close_code)) return broken("a close frame has an illegal code");
      item.data.erase(0, 2);
      if (!utf8_valid(item.data)) return broken("the reason of a close frame is not UTF-8", ws_bad_data);
    }
  }
  out.push_back(std::move(item));
  return {};
}

tl::expected<void, Failure> WsDecoder::finish_message(std::vector<WsItem>& out) {
  in_message_ = false;
  if (message_.compressed) {
    auto plain = deflate_->decompress(message_.data, limits_.message);
    if (!plain) return broken(plain.error().what, ws_bad_data);
    message_.data = std::move(*plain);
  }
  if (message_.kind == WsKind::text && !utf8_valid(message_.data))
    return broken("a text message is not UTF-8", ws_bad_data);
  out.push_back(std::move(message_));
  return {};
}

tl::expected<void, Failure> WsDecoder::take_frame(std::vector<WsItem>& out) {
  in_payload_ = false;
  tl::expected<void, Failure> done;
  if (is_control(static_cast<std::uint8_t>(kind_))) {
    done = take_control(out);
  } else if (fin_) {
    done = finish_message(out);
  }
  head_.clear();
  return done;
}

tl::expected<void, Failure> WsDecoder::feed(std::string_view bytes, std::vector<WsItem>& out) {
  while (!bytes.empty()) {
    if (!in_payload_) {
      std::size_t need = head_size(head_) - head_.size();
      std::size_t n = std::min(need, bytes.size());
      head_.append(bytes.substr(0, n));
      bytes.remove_prefix(n);
      if (n < need || head_.size() < head_size(head_)) continue;
      if (auto head = take_head(); !head) return head;
      in_payload_ = true;
    }
    std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(size_ - got_, bytes.size()));
    std::string& to = is_control(static_cast<std::uint8_t>(kind_)) ? control_ : message_.data;
    to.append(bytes.substr(0, n));
    if (role_ == WsRole::server) apply_mask(to.data() + to.size() - n, n, mask_, got_);
    bytes.remove_prefix(n);
    got_ += n;
    if (got_ < size_) continue;
    if (auto done = take_frame(out); !done) return done;
    if (!out.empty() && out.back().kind == WsKind::close) return {};
  }
  return {};
}

void append_frame(std::string& out, const WsFrame& frame, std::string_view payload, const std::uint32_t* mask) {
  unsigned first = (frame.fin ? 0x80U : 0U) | (frame.compressed ? 0x40U : 0U) | frame.opcode;
  unsigned masked = mask != nullptr ? 0x80U : 0U;
  out.reserve(out.size() + payload.size() + 14);
  out.push_back(static_cast<char>(first));
  std::size_t wide = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
  out.push_back(static_cast<char>(masked | (wide == 0 ? payload.size() : wide == 2 ? 126U : 127U)));
  for (std::size_t i = wide; i-- > 0;) out.push_back(static_cast<char>(payload.size() >> (8 * i)));
  if (mask == nullptr) {
    out.append(payload);
    return;
  }
  std::array<unsigned char, 4> key;
  std::memcpy(key.data(), mask, key.size());
  out.append(reinterpret_cast<const char*>(key.data()), key.size());
  std::size_t at = out.size();
  out.append(payload);
  apply_mask(out.data() + at, payload.size(), key.data(), 0);
}

std::string WsEncoder::message(WsKind kind, std::string_view data, std::uint32_t mask) {
  std::optional<std::string> packed = deflate_ ? deflate_->compress(data) : std::nullopt;
  std::string out;
  append_frame(out, {.compressed = packed.has_value(), .opcode = static_cast<std::uint8_t>(kind)},
               packed ? std::string_view(*packed) : data, role_ == WsRole::client ? &mask : nullptr);
  return out;
}

std::string WsEncoder::control(WsKind kind, std::string_view data, std::uint32_t mask) {
  std::string out;
  append_frame(out, {.opcode = static_cast<std::uint8_t>(kind)}, data.substr(0, 125),
               role_ == WsRole::client ? &mask : nullptr);
  return out;
}

std::string WsEncoder::close(std::uint16_t code, std::string_view reason, std::uint32_t mask) {
  std::string payload;
  if (code != ws_no_code) {
    payload.push_back(static_cast<char>(code >> 8));
    payload.push_back(static_cast<char>(code));
    payload += reason.substr(0, 123);
  }
  return control(WsKind::close, payload, mask);
}

std::string ws_accept_key(std::string_view key) {
  std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA1_DIGEST_LENGTH> digest;
  SHA1_CTX sha;
  SHA1Init(&sha);
  SHA1Update(&sha, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  SHA1Final(digest.data(), &sha);
  return base64(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

}  // namespace burin::io
