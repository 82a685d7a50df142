// view_image: what goes out byte for byte, what is made smaller, what cannot be used (tools.md 8).
#include "tools/view_image.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/tool_turn.h"

namespace burin::tools {

namespace view_image_test_detail {

const std::string small_png =
    *base64_decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC");
/// 2500 x 400, white.
const std::string wide_png = *base64_decode(
    "iVBORw0KGgoAAAANSUhEUgAACcQAAAGQAQAAAACi+MwWAAAB9UlEQVR42u3QMQEAAAwCIPuX1g67dkAEUm6iwJw5c+YwZ86cOXOY"
    "M2fOHObMmTNnDnPmzJkzhzlz5sxhzpw5c+YwZ86cOcyZM2fOHObMmTNnDnPmzJnDnDlz5sxhzpw5c5gzZ86cOcyZM2fOHObMmTOH"
    "OXPmzJnDnDlz5jBnzpw5c5gzZ86cOcyZM2cOc+bMmTOHOXPmzGHOnDlz5jBnzpw5c5gzZ84c5syZM2cOc+bMmTOnwJw5c+YwZ86c"
    "OXOYM2fOHObMmTNnDnPmzJkzhzlz5sxhzpw5c+YwZ86cOcyZM2fOHObMmTNnDnPmzJnDnDlz5sxhzpw5c5gzZ86cOcyZM2fOHObM"
    "mTOHOXPmzJnDnDlz5jBnzpw5c5gzZ86cOcyZM2cOc+bMmTOHOXPmzGHOnDlz5jBnzpw5c5gzZ84c5syZM2cOc+bMmTOnwJw5c+Yw"
    "Z86cOXOYM2fOHObMmTNnDnPmzJkzhzlz5sxhzpw5c+YwZ86cOcyZM2fOHObMmTNnDnPmzJnDnDlz5sxhzpw5c5gzZ86cOcyZM2fO"
    "HObMmTOHOXPmzJnDnDlz5jBnzpw5c5gzZ86cOcyZM2cOc+bMmTOHOXPmzGHOnDlz5jBnzpw5c5gzZ84c5syZM2cOc+bMmTOnwJw5"
    "c+YwZ86cOXOYM/fYAJeTQ3qwofjQAAAAAElFTkSuQmCC");
const std::string gif = *base64_decode("R0lGODlhAQABAIAAAP8AAP///ywAAAAAAQABAAACAkQBADs=");
const std::string webp = *base64_decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA");

/// An evenly grey JPEG: every block is two bits, "no change, nothing else".
std::string grey_jpeg(int width, int height) {
  using namespace std::string_literals;
  auto two = [](int n) { return std::string{static_cast<char>(n >> 8), static_cast<char>(n)}; };
  const std::string one_code = "\x01"s + std::string(16, '\0');  // one Huffman code of one bit, for the symbol 0
  const auto blocks = static_cast<std::size_t>(((width + 7) / 8) * ((height + 7) / 8));
  return "\xff\xd8\xff\xdb\0\x43\0"s + std::string(64, '\1') + "\xff\xc0\0\x0b\x08"s + two(height) + two(width) +
         "\1\1\x11\0"s + "\xff\xc4\0\x14\0"s + one_code + "\xff\xc4\0\x14\x10"s + one_code +
         "\xff\xda\0\x08\1\1\0\0\x3f\0"s + std::string((blocks * 2 + 7) / 8, '\0') + "\xff\xd9"s;
}

struct Turn : testing::ToolTurn {
  Turn() { model = model::find_model(model::bundled_models(), "gpt-5.1-codex"); }
  ToolResult view(std::string path) {
    return run(*tool, {"c1", "view_image", Payload::function, fmt::format(R"({{"path":"{}"}})", path), {}});
  }
  /// The one content item of an answer: the image's URL, or the text.
  std::string item(std::string path, std::string content) {
    fake.memory.put("/w/" + path, std::move(content));
    auto result = view(path);
    EXPECT_TRUE(result->success);
    const auto* items = result->body.items();
    if (items == nullptr || items->size() != 1) return "(not one item)";
    if (const auto* image = std::get_if<wire::InputImage>(&items->front())) return image->image_url;
    return "text: " + std::get<wire::InputText>(items->front()).text;
  }
  std::shared_ptr<Tool> tool = make_view_image_tool();
};

std::string bytes_of(std::string_view url, std::string_view head) {
  EXPECT_TRUE(url.starts_with(head)) << url.substr(0, 200);
  return url.starts_with(head) ? base64_decode(url.substr(head.size())).value_or("") : "";
}
std::pair<int, int> png_size(std::string_view url) {
  auto png = bytes_of(url, "data:image/png;base64,");
  auto at = [&](std::size_t n) { return png.size() < 24 ? 0 : static_cast<unsigned char>(png[n]); };
  return {at(18) * 256 + at(19), at(22) * 256 + at(23)};
}
std::pair<int, int> jpeg_size(std::string_view url) {
  auto jpeg = bytes_of(url, "data:image/jpeg;base64,");
  auto frame = jpeg.find("\xff\xc0");
  auto at = [&](std::size_t n) { return frame + n >= jpeg.size() ? 0 : static_cast<unsigned char>(jpeg[frame + n]); };
  return {at(7) * 256 + at(8), at(5) * 256 + at(6)};
}

}  // namespace view_image_test_detail

using namespace view_image_test_detail;
using testing::text_of;

TEST(ViewImage, WhatFitsGoesOutAsItIs) {
  Turn turn;
  EXPECT_EQ(turn.item("a.png", small_png), "data:image/png;base64," + base64(small_png));
  EXPECT_EQ(turn.item("png.txt", small_png), "data:image/png;base64," + base64(small_png)) << "by content, not name";
  const auto jpeg = grey_jpeg(2048, 768);
  EXPECT_EQ(turn.item("a.jpg", jpeg), "data:image/jpeg;base64," + base64(jpeg));
  std::string json;
  wire::write_event(json, turn.host.events.at(0));
  EXPECT_EQ(json, R"({"type":"view_image_tool_call","call_id":"c1","path":"/w/a.png"})");
}

TEST(ViewImage, OthersAreConvertedAndLargeOnesMadeSmaller) {
  using Size = std::pair<int, int>;
  Turn turn;
  EXPECT_EQ(png_size(turn.item("a.gif", gif)), Size(1, 1));
  EXPECT_TRUE(turn.item("a.webp", webp).starts_with("data:image/webp;base64,")) << "a form that models take";
  EXPECT_EQ(png_size(turn.item("wide.png", wide_png)), Size(2048, 328));
  EXPECT_EQ(jpeg_size(turn.item("high.jpg", grey_jpeg(100, 900))), Size(85, 768));
}

TEST(ViewImage, WhatCannotBeUsedIsExplained) {
  Turn turn;
  const std::string unreadable = "text: Codex could not read the local image at ";
  EXPECT_EQ(turn.item("a.txt", "hello"), unreadable + "`/w/a.txt`: unsupported MIME type `text/plain`");
  EXPECT_EQ(turn.item("plain", "hello"), unreadable + "`/w/plain`: unsupported MIME type (unknown)");
  EXPECT_EQ(turn.item("a.png", "hello"),
            "text: Codex cannot attach image at `/w/a.png`: unsupported image format `image/png`.");
  EXPECT_TRUE(turn.item("cut.png", wide_png.substr(0, 60)).starts_with("text: "));
  EXPECT_TRUE(turn.item("cut.webp", webp.substr(0, 20)).starts_with("text: "));
  turn.fake.files.fail_when([](const io::FaultFiles::Call& call) { return call.name == "read" ? EACCES : 0; });
  EXPECT_TRUE(turn.item("b.png", small_png).starts_with(unreadable + "`/w/b.png`: "));
}

TEST(ViewImage, Refusals) {
  Turn turn;
  EXPECT_EQ(text_of(turn.view("no.png")),
            "unable to locate image at `/w/no.png`: No such file or directory (os error 2)");
  EXPECT_EQ(text_of(turn.view("/w/.git")), "image path `/w/.git` is not a file");
  turn.model.input_modalities.clear();
  EXPECT_EQ(text_of(turn.run(*turn.tool, {"c1", "view_image", Payload::function, "{}", {}})),
            "view_image is not allowed because you do not support image inputs");
  EXPECT_TRUE(turn.host.log.empty());
}

}  // namespace burin::tools
