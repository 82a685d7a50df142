#include "agent/image_search.h"

#include <algorithm>
#include <ranges>

#include "base/log.h"

namespace burin::agent {

namespace image_search_detail {

/// The model has begun to answer: the server has read all of the request.
bool is_answer(const wire::ModelEvent& event) {
  return std::holds_alternative<wire::ItemAdded>(event) || std::holds_alternative<wire::ItemDone>(event) ||
         std::holds_alternative<wire::TextDelta>(event) || std::holds_alternative<wire::Completed>(event);
}

}  // namespace image_search_detail

using namespace image_search_detail;

io::Task<bool> ImageSearch::remove_culprit(const model::ModelError& error) {
  auto& history = input_.session.history;
  auto suspects = history.suspect_images();
  if (good_ >= suspects.size()) {
    put_back();
    co_return false;
  }
  // One replacement did not help: are images the reason at all? The documented error says so by itself.
  if (!removed_.empty() && error.cls != model::ErrorClass::invalid_image &&
      co_await probe(suspects) != Verdict::accepted) {
    put_back();
    co_return false;
  }
  std::size_t accepted = good_, refused = suspects.size();
  while (refused - accepted > 1) {
    auto middle = accepted + (refused - accepted) / 2;
    auto verdict = co_await probe({suspects.begin() + static_cast<std::ptrdiff_t>(middle), suspects.end()});
    if (verdict == Verdict::unknown) {
      put_back();
      co_return false;
    }
    (verdict == Verdict::accepted ? accepted : refused) = middle;
  }
  good_ = accepted;
  auto culprit = suspects[refused - 1];
  removed_.emplace_back(culprit.item, history.items()[culprit.item]);
  tell(history.items()[culprit.item]);
  history.remove_image(culprit);
  input_.session.ledger.changed(Ledger::Change::image);
  log(Level::info, "agent", "replaced an image that the server refused, in item {} of the thread", culprit.item);
  co_return true;
}

io::Task<ImageSearch::Verdict> ImageSearch::probe(std::vector<context::ImageRef> hidden) {
  auto request = build_request(input_, &hidden);
  GitMetadata* metadata = &input_.metadata;
  auto opened =
      co_await input_.model_session.stream(request.prompt, request.settings, [metadata] { return metadata->header(); });
  std::optional<model::ModelError> error;
  if (!opened) error = std::move(opened.error());
  while (!error) {
    auto batch = co_await (*opened)->next();
    if (!batch) {
      error = std::move(batch.error());
    } else if (batch->empty() || std::ranges::any_of(*batch, is_answer)) {
      co_return Verdict::accepted;
    }
  }
  co_return error->about_image ? Verdict::refused : Verdict::unknown;
}

void ImageSearch::put_back() {
  if (!removed_.empty()) input_.session.ledger.changed(Ledger::Change::image);
  // Backwards: of an item that lost several images the first copy is the whole one.
  for (auto& [index, item] : std::views::reverse(removed_)) input_.session.history.put_back(index, std::move(item));
  removed_.clear();
}

/// The user learns which of their pictures the model does not see; a tool's picture is the model's business.
void ImageSearch::tell(const context::HistoryItem& item) const {
  if (item.output()) return;
  input_.session.warn(
      "The model's API could not read an image of this thread. It was left out, and the turn goes on without it; "
      "attach "
      "it again as PNG or JPEG if it matters.");
}

}  // namespace burin::agent
