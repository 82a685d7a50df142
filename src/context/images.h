// Images on their way to the model (context.md 8.2, tools.md 8).
//
// PNG, JPEG and WebP that fit 2048 x 768 go out byte for byte; other formats become PNG; larger ones are scaled down.
// Decoding takes hundreds of milliseconds for large pictures, so callers run it on the pool.
#pragma once
#include <optional>
#include <string>
#include <variant>

#include "io/files.h"
#include "wire/item.h"
#include "wire/user_input.h"

namespace burin::context {

struct ImageData {
  std::string url;  // data:image/png;base64,…
};
/// What the model reads instead of the picture.
struct ImageProblem {
  std::string text;
};
using ImageOutcome = std::variant<ImageData, ImageProblem>;

/// Width and height in pixels of a base64 picture; nullopt when no decoder knows it.
struct ImageSize {
  int width = 0, height = 0;
};
std::optional<ImageSize> image_size(std::string_view base64_text);

/// Reads and prepares a local image; never fails otherwise than with a text. Blocking.
ImageOutcome load_image(io::Files& files, const std::string& path);

/// One user message from the user's input; texts, images with their tags, in order (context.md 8.1). Blocking.
wire::ResponseItem user_message(io::Files& files, const std::vector<wire::UserInput>& input);

}  // namespace burin::context
