// The items of an answer, put together from the deltas of other protocols, and announced as the Responses API does:
// created once, then for each item added, its deltas, done.
//
// Only one item is open at a time. An item that is not closed is never done: a cut stream leaves nothing half recorded.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wire/model_event.h"

namespace burin::model {

class AnswerItems {
 public:
  using Out = std::vector<wire::ModelEvent>;

  /// The response is created: the first call counts. `id` names the response and is part of the ids of its items.
  void begin(std::string_view id, Out& out);
  const std::string& response_id() const { return id_; }

  /// Text of an assistant message; opens one if none is open. Empty pieces do nothing.
  void text(std::string_view delta, Out& out);
  /// Raw reasoning (content) and summarised reasoning (summary). `carried`: see close.
  void raw_reasoning(std::string_view delta, std::string_view carried, Out& out);
  void reasoning_summary(std::string_view delta, Out& out);
  /// Opens reasoning without a text so far.
  void open_reasoning(Out& out);
  /// The text of the open item so far.
  std::string_view so_far() const { return text_; }

  /// Closes the open item, if any. `carried` becomes the encrypted_content of reasoning; empty: what it was opened
  /// with.
  void close(Out& out, std::string_view carried = {});
  /// A finished item of another kind; closes the open one first.
  void done(wire::ResponseItem item, Out& out);

 private:
  enum class Open : unsigned char { nothing, message, raw_reasoning, summary };
  void open(Open kind, Out& out);
  std::string item_id(std::string_view prefix) const;
  wire::Reasoning reasoning() const;

  std::string id_;
  std::string text_;
  std::string carried_;
  std::size_t count_ = 0;  // items opened so far; part of their ids
  Open open_ = Open::nothing;
  bool begun_ = false;
};

}  // namespace burin::model
