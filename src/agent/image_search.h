// When the server refuses a request because of an image: which one is it? (context.md 8.5)
//
// The reference replaces what the last tool gave, or gives up; a picture that the user attached then breaks the thread
// for good. Here the culprit is found by halving the suspects (the images that no earlier request has carried), with
// requests that are dropped as soon as the server accepts them. With n suspects that takes at most log2(n) requests,
// then the placeholder takes the place of one image, and the turn goes on.
#pragma once
#include "agent/sampling.h"

namespace burin::agent {

/// Lives as long as the turn keeps failing on images.
class ImageSearch {
 public:
  explicit ImageSearch(SamplingInput& input) : input_(input) {}

  /// Replaces one image after such an error; false when images turn out not to be the reason, or are used up. What was
  /// replaced in vain is back then.
  io::Task<bool> remove_culprit(const model::ModelError& error);

 private:
  enum class Verdict : unsigned char { accepted, refused, unknown };
  io::Task<Verdict> probe(std::vector<context::ImageRef> hidden);
  void put_back();
  void tell(const context::HistoryItem& item) const;

  SamplingInput& input_;
  std::size_t good_ = 0;  // suspects at the front that a request has carried without complaint
  std::vector<std::pair<std::size_t, context::HistoryItem>> removed_;
};

}  // namespace burin::agent
