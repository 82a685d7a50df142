#include "context/images.h"

#include <array>
#include <cmath>

#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include "base/text.h"
#include "context/resize.h"

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
  std::string closed;
  if (format == Format::jpeg && !bytes.ends_with("\xFF\xD9")) {
    // A JPEG whose end is missing is shown as far as it goes.
    closed = std::string(bytes) + "\xFF\xD9";
    bytes = closed;
    raw = reinterpret_cast<const unsigned char*>(bytes.data());
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

constexpr std::uint32_t big_endian(std::string_view four) {
  std::uint32_t n = 0;
  for (char c : four) n = n << 8 | static_cast<unsigned char>(c);
  return n;
}

constexpr auto crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    table[i] = i;
    for (int bit = 0; bit < 8; ++bit) table[i] = table[i] >> 1 ^ ((table[i] & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return table;
}();

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (char c : bytes) crc = crc >> 8 ^ crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

enum class Chunks : unsigned char { whole, cut, corrupt };

/// Walks over the chunks of a PNG and checks those that matter; the decoder itself looks at no checksum.
Chunks check_png(std::string_view bytes) {
  for (std::size_t at = 8; at < bytes.size();) {
    if (bytes.size() - at < 12) return Chunks::cut;
    std::uint64_t length = big_endian(bytes.substr(at, 4));
    auto type = bytes.substr(at + 4, 4);
    if (length > bytes.size() - at - 12) return Chunks::cut;
    bool critical = type[0] >= 'A' && type[0] <= 'Z';
    auto end = at + 8 + length;
    if (critical && crc32(bytes.substr(at + 4, 4 + length)) != big_endian(bytes.substr(end, 4))) return Chunks::corrupt;
    if (type == "IEND") return Chunks::whole;
    at = end + 4;
  }
  return Chunks::cut;
}

/// The data stops before a decoder could tell whether it is sound.
bool ends_early(std::string_view bytes, Format format) {
  if (format == Format::png) return check_png(bytes) == Chunks::cut;
  if (format != Format::webp) return false;
  WebPBitstreamFeatures features;
  return WebPGetFeatures(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), &features) ==
         VP8_STATUS_NOT_ENOUGH_DATA;
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

std::string encode_webp(const Pixels& p) {
  std::uint8_t* bytes = nullptr;
  std::size_t size = WebPEncodeLosslessRGBA(p.data.data(), p.width, p.height, p.width * 4, &bytes);
  std::string out(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return out;
}

Pixels fit(const Pixels& p) {
  double scale = std::min(static_cast<double>(max_width) / p.width, static_cast<double>(max_height) / p.height);
  auto scaled = [&](int side) { return std::max(1, static_cast<int>(std::lround(side * scale))); };
  return resized(p, scaled(p.width), scaled(p.height));
}

/// The type of a picture that keeps its format; "" for formats that become PNG.
std::string_view kept_mime(Format format) {
  switch (format) {
    case Format::png:
      return "image/png";
    case Format::jpeg:
      return "image/jpeg";
    case Format::webp:
      return "image/webp";
    default:
      return {};
  }
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

ImageProblem corrupt(const std::string& file, std::string_view why) {
  return {fmt::format("Image located at `{0}` is invalid: failed to decode image at {0}: {1}", file, why)};
}

/// What is told of a picture in a known format that cannot be decoded.
ImageProblem undecodable(const std::string& file, std::string_view bytes, Format format) {
  if (format == Format::bmp || ends_early(bytes, format)) return unusable(file);
  const char* reason = format == Format::webp ? nullptr : stbi_failure_reason();
  return corrupt(file, reason != nullptr ? reason : "corrupt data");
}

}  // namespace images_detail

using namespace images_detail;

std::optional<ImageSize> image_size(std::string_view base64_text) {
  auto bytes = base64_decode(base64_text);
  if (!bytes) return std::nullopt;
  Format format = format_of(*bytes);
  ImageSize size;
  if (format == Format::unknown || !read_size(*bytes, format, &size.width, &size.height)) return std::nullopt;
  if (size.width <= 0 || size.height <= 0) return std::nullopt;
  return size;
}

ImageOutcome load_image(io::Files& files, const std::string& file) {
  auto bytes = files.read(file, max_file_bytes);
  if (!bytes) {
    return ImageProblem{fmt::format("Codex could not read the local image at `{0}`: failed to read image at {0}: {1}",
                                    file, bytes.error().reason())};
  }
  Format format = format_of(*bytes);
  if (format == Format::unknown) return unusable(file);
  if (format == Format::png && check_png(*bytes) == Chunks::corrupt) return corrupt(file, "wrong checksum");
  int width = 0, height = 0;
  if (!read_size(*bytes, format, &width, &height) || width <= 0 || height <= 0) {
    return undecodable(file, *bytes, format);
  }
  if (static_cast<std::int64_t>(width) * height > max_pixels) return unusable(file);
  auto pixels = decode(*bytes, format);
  if (!pixels) return undecodable(file, *bytes, format);
  bool fits = width <= max_width && height <= max_height;
  auto mime = kept_mime(format);
  if (fits && !mime.empty()) return ImageData{data_url(mime, *bytes)};
  Pixels sized = fits ? std::move(*pixels) : fit(*pixels);
  if (format == Format::jpeg) return ImageData{data_url(mime, encode_jpeg(sized))};
  if (format == Format::webp) return ImageData{data_url(mime, encode_webp(sized))};
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
