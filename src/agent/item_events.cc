#include "agent/item_events.h"

#include "base/log.h"
#include "base/text.h"

namespace burin::agent {

namespace item_events_detail {

constexpr std::string_view open_tag = "<oai-mem-citation>";
constexpr std::string_view close_tag = "</oai-mem-citation>";

/// Length of the longest end of `text` that may be the beginning of `tag`.
std::size_t possible_tag(std::string_view text, std::string_view tag) {
  for (std::size_t n = std::min(text.size(), tag.size() - 1); n > 0; --n) {
    if (text.ends_with(tag.substr(0, n))) return n;
  }
  return 0;
}

std::string id_of(const wire::TurnItem& item) {
  return std::visit(
      [](const auto& i) -> std::string {
        if constexpr (requires { i.id; }) {
          return i.id;
        } else {
          return {};
        }
      },
      static_cast<const wire::TurnItem::Base&>(item));
}

}  // namespace item_events_detail

using namespace item_events_detail;

std::string CitationFilter::feed(std::string_view piece) {
  held_ += piece;
  std::string out;
  for (;;) {
    auto tag = inside_ ? close_tag : open_tag;
    auto at = held_.find(tag);
    if (at != std::string::npos) {
      if (!inside_) out.append(held_, 0, at);
      held_.erase(0, at + tag.size());
      inside_ = !inside_;
      continue;
    }
    std::size_t keep = possible_tag(held_, tag);
    if (!inside_) out.append(held_, 0, held_.size() - keep);
    held_.erase(0, held_.size() - keep);
    return out;
  }
}

std::string CitationFilter::finish() {
  std::string out = inside_ ? std::string() : std::move(held_);
  held_.clear();
  inside_ = false;
  return out;
}

std::string CitationFilter::strip(std::string_view whole) {
  if (!contains(whole, open_tag)) return std::string(whole);
  CitationFilter filter;
  std::string out = filter.feed(whole);
  return out + filter.finish();
}

std::string web_search_text(const std::optional<wire::WebSearchAction>& action) {
  if (!action) return {};
  if (const auto* s = std::get_if<wire::WebSearchSearch>(&*action)) {
    if (s->query && !s->query->empty()) return *s->query;
    if (!s->queries || s->queries->empty()) return {};
    const auto& first = s->queries->front();
    return s->queries->size() > 1 && !first.empty() ? first + " ..." : first;
  }
  if (const auto* o = std::get_if<wire::WebSearchOpenPage>(&*action)) return o->url.value_or("");
  if (const auto* f = std::get_if<wire::WebSearchFindInPage>(&*action)) {
    if (f->pattern && f->url) return fmt::format("'{}' in {}", *f->pattern, *f->url);
    if (f->pattern) return fmt::format("'{}'", *f->pattern);
    return f->url.value_or("");
  }
  return {};
}

std::optional<wire::TurnItem> ItemEvents::turn_item(const wire::ResponseItem& item) const {
  if (const auto* m = std::get_if<wire::Message>(&item)) {
    if (m->role != "assistant") return std::nullopt;
    wire::AgentMessageItem out;
    out.id = m->id.value_or(io::uuid_v4(session_.world.random));
    std::string text;
    for (const auto& part : m->content) {
      if (const auto* t = std::get_if<wire::OutputText>(&part)) text += t->text;
    }
    out.content.push_back(wire::AgentText{CitationFilter::strip(text)});
    if (m->phase) out.phase = *m->phase;
    return wire::TurnItem(std::move(out));
  }
  if (const auto* r = std::get_if<wire::Reasoning>(&item)) {
    wire::ReasoningItem out;
    out.id = r->id;
    for (const auto& s : r->summary) out.summary_text.push_back(std::get<wire::SummaryText>(s).text);
    if (r->content.parts) {
      for (const auto& part : *r->content.parts) {
        out.raw_content.push_back(std::visit([](const auto& p) { return p.text; },
                                             static_cast<const wire::ReasoningContentItem::Base&>(part)));
      }
    }
    return out;
  }
  if (const auto* w = std::get_if<wire::WebSearchCall>(&item)) {
    wire::WebSearchItem out;
    out.id = w->id.value_or("");
    out.query = web_search_text(w->action);
    out.action = w->action.value_or(wire::WebSearchOther{});
    return out;
  }
  return std::nullopt;
}

void ItemEvents::started(wire::TurnItem item) {
  std::optional<wire::event::WebSearchBegin> begin;
  if (const auto* search = std::get_if<wire::WebSearchItem>(&item))
    begin = wire::event::WebSearchBegin{.call_id = search->id};
  if (session_.sink.wants_details()) {
    wire::event::ItemStarted event;
    event.thread_id = session_.thread_id;
    event.turn_id = session_.turn_id;
    event.item = std::move(item);
    session_.emit(std::move(event));
  }
  if (begin) session_.emit(std::move(*begin));
}

void ItemEvents::completed(const wire::TurnItem& item) {
  if (session_.sink.wants_details()) {
    wire::event::ItemCompleted event;
    event.thread_id = session_.thread_id;
    event.turn_id = session_.turn_id;
    event.item = item;
    session_.emit(std::move(event));
  }
  legacy(item);
}

void ItemEvents::legacy(const wire::TurnItem& item) {
  if (const auto* m = std::get_if<wire::AgentMessageItem>(&item)) {
    for (const auto& part : m->content) {
      wire::event::AgentMessage event;
      event.message = std::get<wire::AgentText>(part).text;
      event.phase = m->phase;
      session_.emit(std::move(event));
    }
  } else if (const auto* r = std::get_if<wire::ReasoningItem>(&item)) {
    for (const auto& text : r->summary_text) session_.emit(wire::event::AgentReasoning{.text = text});
    if (session_.config.show_raw_agent_reasoning) {
      for (const auto& text : r->raw_content) session_.emit(wire::event::AgentReasoningRawContent{.text = text});
    }
  } else if (const auto* w = std::get_if<wire::WebSearchItem>(&item)) {
    wire::event::WebSearchEnd event;
    event.call_id = w->id;
    event.query = w->query;
    event.action = w->action;
    session_.emit(std::move(event));
  }
}

void ItemEvents::added(const wire::ResponseItem& item) {
  auto started_item = turn_item(item);
  if (!started_item) return;
  active_ = true;
  active_id_ = id_of(*started_item);
  filter_ = CitationFilter();
  started(std::move(*started_item));
}

void ItemEvents::done(const wire::ResponseItem& item) {
  auto finished = turn_item(item);
  if (!finished) return;
  if (auto* m = std::get_if<wire::AgentMessageItem>(&*finished)) {
    if (active_ && std::get<wire::Message>(item).id == std::nullopt) m->id = active_id_;
    std::string text;
    for (const auto& part : m->content) text += std::get<wire::AgentText>(part).text;
    if (!blank(text)) last_message_ = std::move(text);
  }
  flush();
  if (!active_) started(*finished);
  active_ = false;
  completed(*finished);
}

void ItemEvents::emit_text(std::string text) {
  if (text.empty()) return;
  wire::event::AgentMessageContentDelta event;
  event.thread_id = session_.thread_id;
  event.turn_id = session_.turn_id;
  event.item_id = active_id_;
  event.delta = text;
  session_.emit(std::move(event));
  session_.emit(wire::event::AgentMessageDelta{.delta = std::move(text)});
}

void ItemEvents::text_delta(std::string_view delta) {
  if (!active_) {
    log(Level::error, "agent", "dropped a text delta without an open item");
    return;
  }
  if (!session_.sink.wants_details()) return;
  emit_text(filter_.feed(delta));
}

void ItemEvents::flush() {
  if (active_ && session_.sink.wants_details()) emit_text(filter_.finish());
}

void ItemEvents::reasoning_summary_delta(std::string_view delta, std::int64_t summary_index) {
  if (!active_ || !session_.sink.wants_details()) return;
  wire::event::ReasoningContentDelta event;
  event.thread_id = session_.thread_id;
  event.turn_id = session_.turn_id;
  event.item_id = active_id_;
  event.delta = std::string(delta);
  event.summary_index = summary_index;
  session_.emit(std::move(event));
  session_.emit(wire::event::AgentReasoningDelta{.delta = std::string(delta)});
}

void ItemEvents::reasoning_content_delta(std::string_view delta, std::int64_t content_index) {
  if (!active_ || !session_.sink.wants_details()) return;
  wire::event::ReasoningRawContentDelta event;
  event.thread_id = session_.thread_id;
  event.turn_id = session_.turn_id;
  event.item_id = active_id_;
  event.delta = std::string(delta);
  event.content_index = content_index;
  session_.emit(std::move(event));
  session_.emit(wire::event::AgentReasoningRawContentDelta{.delta = std::string(delta)});
}

void ItemEvents::reasoning_part_added(std::int64_t summary_index) {
  if (!active_) return;
  wire::event::AgentReasoningSectionBreak event;
  event.item_id = active_id_;
  event.summary_index = summary_index;
  session_.emit(std::move(event));
}

}  // namespace burin::agent
