#include "context/images.h"

#include <algorithm>
#include <cmath>

#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include <webp/decode.h>

#include "base/text.h"

namespace burin::context {

namespace images_detail {

constexpr int max_width = 2048, max_height = 768;
constexpr int jpeg_quality = 85;
constexpr std::uint64_t max_file_bytes = 256ull << 20;
constexpr std::int64_t max_pixels = 256ll << 20;  // a picture that claims more would eat the memory

enum class Format : unsigned char { png, jpeg, gif, webp, bmp, unknown };

Format format_of(std::string_view bytes) {
  auto starts = [&](std::string_view magic) { return bytes.starts_with(magic); };
  if (starts("\x89PNG\r\n\x1a\n")) return Format::png;
  if (starts("\xFF\xD8\xFF")) return Format::jpeg;
  if (starts("GIF87a") || starts("GIF89a")) return Format::gif;
  if (starts("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") return Format::webp;
  if (starts("BM")) return Format::bmp;
  return Format::unknown;
}

/// 8-bit RGBA pixels.
struct Pixels {
  int width = 0, height = 0;
  std::vector<unsigned char> data;
};

std::optional<Pixels> decode(std::string_view bytes, Format format) {
  Pixels p;
  const auto* raw = reinterpret_cast<const unsigned char*>(bytes.data());
  if (format == Format::webp) {
    std::uint8_t* rgba = WebPDecodeRGBA(raw, bytes.size(), &p.width, &p.height);
    if (rgba == nullptr) return std::nullopt;
    p.data.assign(rgba, rgba + static_cast<std::size_t>(p.width) * static_cast<std::size_t>(p.height) * 4);
    WebPFree(rgba);
    return p;
  }
  int channels = 0;
  unsigned char* rgba = stbi_load_from_memory(raw, static_cast<int>(bytes.size()), &p.width, &p.height, &channels, 4);
  if (rgba == nullptr) return std::nullopt;
  p.data.assign(rgba, rgba + static_cast<std::size_t>(p.width) * static_cast<std::size_t>(p.height) * 4);
  stbi_image_free(rgba);
  return p;
}

bool read_size(std::string_view bytes, Format format, int* width, int* height) {
  const auto* raw = reinterpret_cast<const unsigned char*>(bytes.data());
  if (format == Format::webp) return WebPGetInfo(raw, bytes.size(), width, height) != 0;
  int channels = 0;
  return stbi_info_from_memory(raw, static_cast<int>(bytes.size()), width, height, &channels) != 0;
}

void append_bytes(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::string encode_png(const Pixels& p) {
  std::string out;
  stbi_write_png_to_func(append_bytes, &out, p.width, p.height, 4, p.data.data(), p.width * 4);
  return out;
}

std::string encode_jpeg(const Pixels& p) {
  std::string out;
  stbi_write_jpg_to_func(append_bytes, &out, p.width, p.height, 4, p.data.data(), jpeg_quality);
  return out;
}

/// The source samples that make one target sample, with weights that sum up to 1.
struct Taps {
  int from = 0;
  std::vector<float> weights;
};

/// A triangle filter, widened when an image gets smaller: what the reference's image library does.
std::vector<Taps> triangle(int source, int target) {
  const float ratio = static_cast<float>(source) / static_cast<float>(target);
  const float support = std::max(ratio, 1.0f);
  std::vector<Taps> out(static_cast<std::size_t>(target));
  for (int i = 0; i < target; ++i) {
    const float center = (static_cast<float>(i) + 0.5f) * ratio;
    const int left = std::clamp(static_cast<int>(std::floor(center - support)), 0, source - 1);
    const int right = std::clamp(static_cast<int>(std::ceil(center + support)), left + 1, source);
    Taps& taps = out[static_cast<std::size_t>(i)];
    taps.from = left;
    float sum = 0;
    for (int at = left; at < right; ++at) {
      const float distance = std::abs((static_cast<float>(at) - (center - 0.5f)) / support);
      sum += taps.weights.emplace_back(std::max(0.0f, 1.0f - distance));
    }
    for (float& weight : taps.weights) weight /= sum;
  }
  return out;
}

Pixels scaled(const Pixels& p, int width, int height) {
  const auto source_row = static_cast<std::size_t>(p.width) * 4, row = static_cast<std::size_t>(width) * 4;
  Pixels out{width, height, std::vector<unsigned char>(row * static_cast<std::size_t>(height))};
  const auto columns = triangle(p.width, width);
  std::vector<float> line(source_row);
  unsigned char* to = out.data.data();
  for (const Taps& rows : triangle(p.height, height)) {
    std::fill(line.begin(), line.end(), 0.0f);
    const unsigned char* from = p.data.data() + static_cast<std::size_t>(rows.from) * source_row;
    for (float weight : rows.weights) {
      for (std::size_t i = 0; i < source_row; ++i) line[i] += weight * static_cast<float>(*from++);
    }
    for (const Taps& taps : columns) {
      const float* sample = line.data() + static_cast<std::size_t>(taps.from) * 4;
      float rgba[4] = {};
      for (float weight : taps.weights) {
        for (float& channel : rgba) channel += weight * *sample++;
      }
      for (float channel : rgba) *to++ = static_cast<unsigned char>(std::lround(std::clamp(channel, 0.0f, 255.0f)));
    }
  }
  return out;
}

Pixels fit(const Pixels& p) {
  double scale = std::min(static_cast<double>(max_width) / p.width, static_cast<double>(max_height) / p.height);
  auto side = [scale](int n) { return std::max(1, static_cast<int>(std::lround(n * scale))); };
  return scaled(p, side(p.width), side(p.height));
}

std::string data_url(std::string_view mime, std::string_view bytes) {
  return fmt::format("data:{};base64,{}", mime, base64(bytes));
}

/// MIME type by the file's extension; "" when it is not known.
std::string_view mime_of_name(std::string_view file) {
  struct Row {
    std::string_view extension, mime;
  };
  static constexpr Row rows[] = {
      {"png", "image/png"},    {"jpg", "image/jpeg"},      {"jpeg", "image/jpeg"},     {"gif", "image/gif"},
      {"webp", "image/webp"},  {"bmp", "image/bmp"},       {"svg", "image/svg+xml"},   {"ico", "image/x-icon"},
      {"tif", "image/tiff"},   {"tiff", "image/tiff"},     {"avif", "image/avif"},     {"heic", "image/heic"},
      {"txt", "text/plain"},   {"md", "text/markdown"},    {"html", "text/html"},      {"htm", "text/html"},
      {"css", "text/css"},     {"csv", "text/csv"},        {"js", "text/javascript"},  {"json", "application/json"},
      {"xml", "text/xml"},     {"pdf", "application/pdf"}, {"zip", "application/zip"}, {"toml", "text/x-toml"},
      {"yaml", "text/x-yaml"}, {"yml", "text/x-yaml"},     {"c", "text/x-c"},          {"cpp", "text/x-c"},
      {"rs", "text/x-rust"},   {"py", "text/x-python"},    {"sh", "application/x-sh"}, {"mp4", "video/mp4"},
      {"mp3", "audio/mpeg"},   {"wav", "audio/wav"},
  };
  auto name = path::name(file);
  auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  auto extension = to_lower_ascii(name.substr(dot + 1));
  for (const auto& row : rows) {
    if (row.extension == extension) return row.mime;
  }
  return {};
}

ImageProblem unusable(const std::string& file) {
  auto mime = mime_of_name(file);
  if (mime.empty())
    return {fmt::format("Codex could not read the local image at `{}`: unsupported MIME type (unknown)", file)};
  if (!mime.starts_with("image/")) {
    return {fmt::format("Codex could not read the local image at `{}`: unsupported MIME type `{}`", file, mime)};
  }
  return {fmt::format("Codex cannot attach image at `{}`: unsupported image format `{}`.", file, mime)};
}

}  // namespace images_detail

using namespace images_detail;

ImageOutcome load_image(io::Files& files, const std::string& file) {
  auto bytes = files.read(file, max_file_bytes);
  if (!bytes) {
    auto why = bytes.error().sys != 0 ? os_error_text(bytes.error().sys) : bytes.error().text();
    return ImageProblem{
        fmt::format("Codex could not read the local image at `{0}`: failed to read image at {0}: {1}", file, why)};
  }
  Format format = format_of(*bytes);
  int width = 0, height = 0;
  if (format == Format::unknown || !read_size(*bytes, format, &width, &height) || width <= 0 || height <= 0 ||
      static_cast<std::int64_t>(width) * height > max_pixels) {
    return unusable(file);
  }
  bool fits = width <= max_width && height <= max_height;
  bool verbatim = format == Format::png || format == Format::jpeg;
  auto pixels = decode(*bytes, format);
  if (!pixels) return unusable(file);
  if (fits && verbatim) return ImageData{data_url(format == Format::png ? "image/png" : "image/jpeg", *bytes)};
  Pixels sized = fits ? std::move(*pixels) : fit(*pixels);
  if (format == Format::jpeg) return ImageData{data_url("image/jpeg", encode_jpeg(sized))};
  return ImageData{data_url("image/png", encode_png(sized))};
}

wire::ResponseItem user_message(io::Files& files, const std::vector<wire::UserInput>& input) {
  wire::Message message;
  message.role = "user";
  auto text = [&](std::string t) { message.content.push_back(wire::InputText{std::move(t)}); };
  auto picture = [&](std::string open, std::string url) {
    text(std::move(open));
    message.content.push_back(wire::InputImage{.image_url = std::move(url)});
    text("</image>");
  };
  int count = 0;
  for (const auto& part : input) {
    if (const auto* t = std::get_if<wire::input::Text>(&part)) {
      text(t->text);
    } else if (const auto* image = std::get_if<wire::input::Image>(&part)) {
      ++count;
      picture("<image>", image->image_url);
    } else if (const auto* local = std::get_if<wire::input::LocalImage>(&part)) {
      ++count;
      auto outcome = load_image(files, local->path);
      if (auto* data = std::get_if<ImageData>(&outcome)) {
        picture(fmt::format("<image name=[Image #{}]>", count), std::move(data->url));
      } else {
        text(std::move(std::get<ImageProblem>(outcome).text));
      }
    }
  }
  return wire::ResponseItem(std::move(message));
}

}  // namespace burin::context
