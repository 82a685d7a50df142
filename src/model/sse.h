// Server-sent events, read incrementally (model-client.md 8.2).
//
// Why: a response of 200,000 deltas passes through here byte by byte, and a network may cut it anywhere. The parser
// therefore keeps no more than the current event, copies only what a piece leaves unfinished, and gives the same events
// however the bytes are cut.
//
// What is dispatched: the joined `data` lines of an event, at its closing blank line. `event:`, `id:`, `retry:` and
// comments are ignored; a block without data is no event; an event that the stream leaves unfinished is lost.
#pragma once
#include <cstring>
#include <string>
#include <string_view>

namespace burin::model {

class SseParser {
 public:
  /// No single event may be larger: a stream that never ends its event must not eat the memory.
  static constexpr std::size_t max_event_bytes = 256u << 20;

  /// Feeds a piece; calls on_data(std::string_view) for each event. The view is valid during the call only. Returns
  /// false when an event grew beyond max_event_bytes; the parser must not be used any more then.
  template <class F>
  bool feed(std::string_view bytes, F&& on_data) {
    std::size_t at = 0;
    if (skip_lf_ && !bytes.empty()) {
      if (bytes[0] == '\n') at = 1;
      skip_lf_ = false;
    }
    while (at < bytes.size()) {
      const char* from = bytes.data() + at;
      std::size_t left = bytes.size() - at;
      const auto* lf = static_cast<const char*>(std::memchr(from, '\n', left));
      std::size_t reach = lf != nullptr ? static_cast<std::size_t>(lf - from) : left;
      const auto* cr = static_cast<const char*>(std::memchr(from, '\r', reach));
      const char* end = cr != nullptr ? cr : lf;
      if (end == nullptr) {
        partial_.append(from, left);
        break;
      }
      std::size_t length = static_cast<std::size_t>(end - from);
      at += length + 1;
      if (end == cr) {
        if (at < bytes.size()) {
          if (bytes[at] == '\n') ++at;
        } else {
          skip_lf_ = true;
        }
      }
      if (partial_.empty()) {
        line(std::string_view(from, length), on_data);
      } else {
        partial_.append(from, length);
        held_.swap(partial_);
        partial_.clear();
        line(held_, on_data);
        keep_view();  // the view may point into held_
      }
    }
    keep_view();
    return partial_.size() + data_.size() <= max_event_bytes;
  }

 private:
  template <class F>
  void line(std::string_view text, F&& on_data) {
    if (first_line_) {
      first_line_ = false;
      if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    }
    if (text.empty()) {
      if (state_ == State::view) {
        on_data(view_);
      } else if (state_ == State::owned) {
        on_data(std::string_view(data_));
        data_.clear();
      }
      state_ = State::none;
      return;
    }
    if (!text.starts_with("data")) return;
    text.remove_prefix(4);
    if (!text.empty()) {
      if (text[0] != ':') return;  // another field whose name starts with "data"
      text.remove_prefix(1);
      if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
    }
    if (state_ == State::none) {
      view_ = text;
      state_ = State::view;
      return;
    }
    keep_view();
    data_ += '\n';
    data_ += text;
  }

  /// Copies data that still lies in the caller's bytes.
  void keep_view() {
    if (state_ != State::view) return;
    data_.assign(view_);
    state_ = State::owned;
  }

  enum class State : unsigned char { none, view, owned };
  State state_ = State::none;
  bool skip_lf_ = false;
  bool first_line_ = true;
  std::string_view view_;  // the only data line so far, still in the bytes being fed
  std::string data_;       // the data lines so far, when they had to be kept
  std::string partial_;    // an unfinished line
  std::string held_;       // the line being handled, when it was completed from partial_
};

}  // namespace burin::model
