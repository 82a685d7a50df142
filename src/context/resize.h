// Scaling pictures down with a triangle filter, channel by channel (context.md 8.2).
//
// The library's own resizer aborts the program at some ratios; this one takes any sizes of at least one pixel.
#pragma once
#include <vector>

namespace burin::context {

/// 8-bit RGBA, rows from the top.
struct Pixels {
  int width = 0, height = 0;
  std::vector<unsigned char> data;
};

/// The picture at the given size; takes time in proportion to the larger of the two.
Pixels resized(const Pixels& from, int width, int height);

}  // namespace burin::context
