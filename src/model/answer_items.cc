#include "model/answer_items.h"

#include <fmt/format.h>

namespace burin::model {

void AnswerItems::begin(std::string_view id, Out& out) {
  if (begun_) return;
  begun_ = true;
  id_ = std::string(id);
  // What is counted as input is what was sent, so past reasoning must not be added to it.
  out.push_back(wire::ReasoningIncluded{});
  out.push_back(wire::Created{});
}

std::string AnswerItems::item_id(std::string_view prefix) const { return fmt::format("{}_{}_{}", prefix, id_, count_); }

void AnswerItems::open(Open kind, Out& out) {
  if (open_ == kind) return;
  close(out);
  open_ = kind;
  ++count_;
  if (kind == Open::message) {
    wire::Message message;
    message.id = item_id("msg");
    message.role = "assistant";
    out.push_back(wire::ItemAdded{std::move(message)});
    return;
  }
  wire::Reasoning reasoning;
  reasoning.id = item_id("rs");
  out.push_back(wire::ItemAdded{std::move(reasoning)});
  if (kind == Open::summary) out.push_back(wire::ReasoningSummaryPartAdded{0});
}

void AnswerItems::text(std::string_view delta, Out& out) {
  if (delta.empty()) return;
  open(Open::message, out);
  text_ += delta;
  out.push_back(wire::TextDelta{std::string(delta)});
}

void AnswerItems::raw_reasoning(std::string_view delta, std::string_view carried, Out& out) {
  if (delta.empty()) return;
  open(Open::raw_reasoning, out);
  if (carried_.empty()) carried_ = std::string(carried);
  text_ += delta;
  out.push_back(wire::ReasoningContentDelta{std::string(delta), 0});
}

void AnswerItems::open_reasoning(Out& out) { open(Open::summary, out); }

void AnswerItems::reasoning_summary(std::string_view delta, Out& out) {
  if (delta.empty()) return;
  open(Open::summary, out);
  text_ += delta;
  out.push_back(wire::ReasoningSummaryDelta{std::string(delta), 0});
}

wire::Reasoning AnswerItems::reasoning() const {
  wire::Reasoning out;
  out.id = item_id("rs");
  if (open_ == Open::raw_reasoning) {
    out.content.parts.emplace().emplace_back(wire::ReasoningText{text_});
  } else if (!text_.empty()) {
    out.summary.emplace_back(wire::SummaryText{text_});
  }
  return out;
}

void AnswerItems::close(Out& out, std::string_view carried) {
  if (open_ == Open::nothing) return;
  if (open_ == Open::message) {
    auto message = wire::make_message("assistant", std::move(text_));
    message.id = item_id("msg");
    out.push_back(wire::ItemDone{std::move(message)});
  } else {
    auto item = reasoning();
    if (!carried.empty()) carried_ = std::string(carried);
    if (!carried_.empty()) item.encrypted_content.emplace(std::move(carried_));
    out.push_back(wire::ItemDone{std::move(item)});
  }
  text_.clear();
  carried_.clear();
  open_ = Open::nothing;
}

void AnswerItems::done(wire::ResponseItem item, Out& out) {
  close(out);
  out.push_back(wire::ItemDone{std::move(item)});
}

}  // namespace burin::model
