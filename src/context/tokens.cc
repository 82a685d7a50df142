#include "context/tokens.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "context/images.h"
#include "context/truncate.h"

namespace burin::context {

namespace tokens_detail {

constexpr std::int64_t image_bytes = 7373;
constexpr std::int64_t encryption_overhead = 650;
constexpr std::int64_t patch_size = 32;  // pixels on a side; one patch of a full-size image is one token
constexpr std::int64_t always_used = 12'000;

std::int64_t decoded_size(std::size_t base64_size) {
  return std::max<std::int64_t>(static_cast<std::int64_t>(base64_size) * 3 / 4 - encryption_overhead, 0);
}

std::int64_t image_cost(const wire::InputImage& image, std::string_view payload) {
  if (image.detail != wire::ImageDetail::original) return image_bytes;
  auto size = image_size(payload);
  if (!size) return image_bytes;
  auto patches = [](std::int64_t pixels) { return (pixels + patch_size - 1) / patch_size; };
  return 4 * patches(size->width) * patches(size->height);
}

/// What the flat price of an image differs from the length of its URL by.
std::int64_t image_adjustment(const wire::InputImage& image) {
  std::string_view url = image.image_url;
  auto comma = url.find(',');
  if (comma == std::string_view::npos || !starts_with_ignore_case(url, "data:image/")) return 0;
  auto parameters = split(url.substr(0, comma), ';');
  bool base64 = std::any_of(parameters.begin() + 1, parameters.end(),
                            [](std::string_view p) { return equals_ignore_case(p, "base64"); });
  if (!base64) return 0;
  auto payload = url.substr(comma + 1);
  return image_cost(image, payload) - static_cast<std::int64_t>(payload.size());
}

std::int64_t image_adjustments(const std::vector<wire::ContentItem>& parts) {
  std::int64_t sum = 0;
  for (const auto& part : parts) {
    if (const auto* image = std::get_if<wire::InputImage>(&part)) sum += image_adjustment(*image);
  }
  return sum;
}

std::int64_t image_adjustments(const wire::FunctionOutput& output) {
  const auto* items = output.items();
  return items != nullptr ? image_adjustments(*items) : 0;
}

}  // namespace tokens_detail

using namespace tokens_detail;

std::int64_t estimate_bytes(const wire::ResponseItem& item, std::size_t json_size) {
  auto size = static_cast<std::int64_t>(json_size);
  if (std::holds_alternative<wire::GhostSnapshot>(item)) return 0;
  if (const auto* r = std::get_if<wire::Reasoning>(&item); r != nullptr && r->encrypted_content) {
    return decoded_size(r->encrypted_content->size());
  }
  if (const auto* c = std::get_if<wire::Compaction>(&item)) return decoded_size(c->encrypted_content.size());
  if (const auto* m = std::get_if<wire::Message>(&item)) return size + image_adjustments(m->content);
  if (const auto* o = std::get_if<wire::FunctionCallOutput>(&item)) return size + image_adjustments(o->output);
  if (const auto* o = std::get_if<wire::CustomToolCallOutput>(&item)) return size + image_adjustments(o->output);
  return size;
}

int percent_left(std::int64_t window, std::int64_t used) {
  if (window <= always_used) return 0;
  auto available = static_cast<double>(window - always_used);
  auto left = available - static_cast<double>(std::max<std::int64_t>(used - always_used, 0));
  return static_cast<int>(std::clamp(std::round(100 * std::max(left, 0.0) / available), 0.0, 100.0));
}

void Tally::add(const Entry& entry) {
  total_ += entry.tokens;
  if (entry.generated) {
    any_generated_ = true;
    tail_ = 0;
  } else {
    tail_ += entry.tokens;
  }
  if (entry.encrypted_reasoning) reasoning_ += entry.tokens;
  if (entry.user) earlier_reasoning_ = reasoning_;
}

}  // namespace burin::context
