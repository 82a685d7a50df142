#include "context/resize.h"

#include <algorithm>
#include <cmath>

namespace burin::context {

namespace resize_detail {

constexpr int channels = 4;

/// The input pixels [first, first + weights) that make one output pixel; the weights add up to one.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> taps(int from, int to) {
  std::vector<Taps> out(static_cast<std::size_t>(to));
  const float ratio = static_cast<float>(from) / static_cast<float>(to);
  const float reach = std::max(ratio, 1.0F);
  for (int i = 0; i < to; ++i) {
    const float center = (static_cast<float>(i) + 0.5F) * ratio;
    auto& t = out[static_cast<std::size_t>(i)];
    t.first = std::clamp(static_cast<int>(std::floor(center - reach)), 0, from - 1);
    const int end = std::clamp(static_cast<int>(std::ceil(center + reach)), t.first + 1, from);
    float sum = 0;
    for (int at = t.first; at < end; ++at) {
      const float distance = std::abs(static_cast<float>(at) + 0.5F - center) / reach;
      t.weights.push_back(std::max(0.0F, 1.0F - distance));
      sum += t.weights.back();
    }
    for (auto& w : t.weights) w /= sum;
  }
  return out;
}

}  // namespace resize_detail

using namespace resize_detail;

Pixels resized(const Pixels& from, int width, int height) {
  const auto row = static_cast<std::size_t>(from.width) * channels;
  const auto columns = taps(from.width, width);
  Pixels out{width, height, {}};
  out.data.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * channels);
  std::vector<float> line(row);
  for (const auto& vertical : taps(from.height, height)) {
    std::fill(line.begin(), line.end(), 0.0F);
    const unsigned char* source = from.data.data() + static_cast<std::size_t>(vertical.first) * row;
    for (float weight : vertical.weights) {
      for (std::size_t i = 0; i < row; ++i) line[i] += weight * static_cast<float>(source[i]);
      source += row;
    }
    for (const auto& horizontal : columns) {
      float sum[channels] = {};
      const float* pixel = line.data() + static_cast<std::size_t>(horizontal.first) * channels;
      for (float weight : horizontal.weights) {
        for (int c = 0; c < channels; ++c) sum[c] += weight * *pixel++;
      }
      for (float value : sum) out.data.push_back(static_cast<unsigned char>(std::clamp(std::lround(value), 0L, 255L)));
    }
  }
  return out;
}

}  // namespace burin::context
