// From the events of the messages API to model events.
//
// An answer is a list of content blocks, each started, streamed and stopped; a block is one item. Thinking comes with a
// signature, without which the server does not take it back: both travel in the reasoning item (see reasoning_mark).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/answer_items.h"
#include "model/event_decoder.h"
#include "model/event_parser.h"
#include "model/transcript.h"

namespace burin::model {

class AnthropicDecoder : public EventDecoder {
 public:
  explicit AnthropicDecoder(const Prompt& prompt) : names_(prompt) {}

  void feed(std::string_view data, std::vector<wire::ModelEvent>& out) override;
  bool completed() const override { return completed_; }
  const std::optional<ModelError>& error() const override { return error_; }
  bool fatal() const override { return error_.has_value(); }

 private:
  using Out = std::vector<wire::ModelEvent>;
  using Handler = void (AnthropicDecoder::*)(const boost::json::value& event, Out& out);
  struct Row;
  static const Row table[];

  void message_start(const boost::json::value& event, Out& out);
  void block_start(const boost::json::value& event, Out& out);
  void block_delta(const boost::json::value& event, Out& out);
  void block_stop(const boost::json::value& event, Out& out);
  void message_delta(const boost::json::value& event, Out& out);
  void message_stop(const boost::json::value& event, Out& out);
  void failed(const boost::json::value& event, Out& out);
  void read_usage(const boost::json::value& holder);

  enum class Block : unsigned char { none, text, thinking, redacted, tool, other };
  Block block_ = Block::none;
  std::string call_id_, call_name_, arguments_;  // of the tool block
  std::string secret_;                           // the signature of thinking, the data of redacted thinking

  CallNames names_;
  EventParser parser_;
  AnswerItems items_;
  std::int64_t input_ = 0, cache_read_ = 0, cache_written_ = 0, output_ = 0;
  std::optional<ModelError> error_;
  bool has_usage_ = false;
  bool stopped_ = false;  // a stop reason came
  bool completed_ = false;
};

}  // namespace burin::model
