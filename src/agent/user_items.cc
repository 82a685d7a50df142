#include "agent/user_items.h"

#include "base/text.h"
#include "context/images.h"

namespace burin::agent {

namespace user_items_detail {

/// All texts of the input in one, with the positions of its marked parts moved along.
wire::event::UserMessage legacy_event(const std::vector<wire::UserInput>& input) {
  wire::event::UserMessage event;
  for (const auto& part : input) {
    if (const auto* text = std::get_if<wire::input::Text>(&part)) {
      auto shift = static_cast<std::uint64_t>(event.message.size());
      for (auto element : text->text_elements) {
        auto from = std::min<std::uint64_t>(element.byte_range.start, text->text.size());
        auto to = std::clamp<std::uint64_t>(element.byte_range.end, from, text->text.size());
        if (!element.placeholder) element.placeholder = text->text.substr(from, to - from);
        element.byte_range.start += shift;
        element.byte_range.end += shift;
        event.text_elements.push_back(std::move(element));
      }
      event.message += text->text;
    } else if (const auto* image = std::get_if<wire::input::Image>(&part)) {
      event.images.push_back(image->image_url);
    } else if (const auto* local = std::get_if<wire::input::LocalImage>(&part)) {
      event.local_images.push_back(local->path);
    }
  }
  return event;
}

}  // namespace user_items_detail

io::Task<wire::ResponseItem> prepare_user_message(io::World& world, io::Files& files,
                                                  const std::vector<wire::UserInput>& input) {
  bool pictures = false;
  for (const auto& part : input) pictures = pictures || std::holds_alternative<wire::input::LocalImage>(part);
  if (!pictures) co_return context::user_message(files, input);
  auto* f = &files;
  const auto* in = &input;
  co_return co_await io::offload(world.pool, [f, in] { return context::user_message(*f, *in); });
}

void emit_user_items(Session& session, const std::vector<wire::UserInput>& input) {
  if (session.sink.wants_details()) {
    wire::UserMessageItem item;
    item.id = io::uuid_v4(session.world.random);
    item.content = input;
    wire::event::ItemStarted started;
    started.thread_id = session.thread_id;
    started.turn_id = session.turn_id;
    started.item = item;
    session.emit(std::move(started));
    wire::event::ItemCompleted completed;
    completed.thread_id = session.thread_id;
    completed.turn_id = session.turn_id;
    completed.item = std::move(item);
    session.emit(std::move(completed));
  }
  session.emit(user_items_detail::legacy_event(input));
}

}  // namespace burin::agent
