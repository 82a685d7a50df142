// Pictures for the model (context.md 8.1, 8.2): what goes out byte for byte, what is scaled, what is said of the rest.
#include "context/images.h"

#include <gtest/gtest.h>
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include "base/text.h"
#include "context/resize.h"
#include "testing/fake_world.h"

namespace burin::context {

struct ImagesTest : ::testing::Test, testing::FakeWorld {
  enum class Kind : unsigned char { png, jpeg, bmp };
  static std::string picture(int width, int height, Kind kind = Kind::png) {
    std::vector<unsigned char> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 90);
    std::string out;
    auto add = [](void* to, void* data, int size) {
      static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    };
    if (kind == Kind::png) stbi_write_png_to_func(add, &out, width, height, 3, rgb.data(), 0);
    if (kind == Kind::jpeg) stbi_write_jpg_to_func(add, &out, width, height, 3, rgb.data(), 90);
    if (kind == Kind::bmp) stbi_write_bmp_to_func(add, &out, width, height, 3, rgb.data());
    return out;
  }
  /// The data URL of a picture, or the text that stands for it.
  std::string load(const std::string& path) {
    auto outcome = load_image(files, path);
    if (const auto* data = std::get_if<ImageData>(&outcome)) return data->url;
    return std::get<ImageProblem>(outcome).text;
  }
  /// "mime width x height" of a data URL.
  static std::string shape(const std::string& url) {
    auto comma = url.find(";base64,");
    if (!url.starts_with("data:") || comma == std::string::npos) return url;
    auto bytes = base64_decode(std::string_view(url).substr(comma + 8)).value_or("");
    int width = 0, height = 0, channels = 0;
    const auto* raw = reinterpret_cast<const unsigned char*>(bytes.data());
    if (url.starts_with("data:image/webp")) {
      WebPGetInfo(raw, bytes.size(), &width, &height);
    } else {
      stbi_info_from_memory(raw, static_cast<int>(bytes.size()), &width, &height, &channels);
    }
    return fmt::format("{} {}x{}", url.substr(5, comma - 5), width, height);
  }
};

TEST_F(ImagesTest, WhatFitsGoesOutByteForByte) {
  for (auto [kind, mime] : {std::pair{Kind::png, "image/png"}, {Kind::jpeg, "image/jpeg"}}) {
    for (auto [width, height] : {std::pair{3, 5}, {2048, 768}}) {
      auto bytes = picture(width, height, kind);
      memory.put("/p.any", bytes);
      EXPECT_EQ(load("/p.any"), fmt::format("data:{};base64,{}", mime, base64(bytes))) << "the content decides";
    }
  }
}

TEST_F(ImagesTest, ACutJpegGoesOutAsItIs) {
  auto bytes = picture(64, 64, Kind::jpeg);
  for (std::size_t lost : {1, 2, 40}) {
    auto cut = bytes.substr(0, bytes.size() - lost);
    memory.put("/p.jpg", cut);
    EXPECT_EQ(load("/p.jpg"), "data:image/jpeg;base64," + base64(cut));
  }
}

TEST_F(ImagesTest, WebPStaysWebP) {
  for (auto [width, expected] : {std::pair{30, "image/webp 30x20"}, {4096, "image/webp 2048x10"}}) {
    std::vector<unsigned char> rgb(static_cast<std::size_t>(width) * 20 * 3, 90);
    std::uint8_t* raw = nullptr;
    std::size_t size = WebPEncodeLosslessRGB(rgb.data(), width, 20, width * 3, &raw);
    std::string bytes(reinterpret_cast<const char*>(raw), size);
    WebPFree(raw);
    memory.put("/p.webp", bytes);
    auto url = load("/p.webp");
    EXPECT_EQ(shape(url), expected);
    if (width == 30) EXPECT_EQ(url, "data:image/webp;base64," + base64(bytes));
  }
  memory.put("/bad.webp", std::string("RIFF\x20\0\0\0WEBPVP8 \x10\0\0\0", 20) + std::string(16, '\0'));
  EXPECT_TRUE(load("/bad.webp").starts_with("Image located at `/bad.webp` is invalid: ")) << load("/bad.webp");
}

TEST_F(ImagesTest, OthersAreConvertedAndLargeOnesScaled) {
  memory.put("/small.bmp", picture(7, 9, Kind::bmp));
  EXPECT_EQ(shape(load("/small.bmp")), "image/png 7x9");
  memory.put("/wide.png", picture(4096, 1000));
  EXPECT_EQ(shape(load("/wide.png")), "image/png 2048x500");
  memory.put("/tall.jpg", picture(1000, 1536, Kind::jpeg));
  EXPECT_EQ(shape(load("/tall.jpg")), "image/jpeg 500x768");
  memory.put("/over.bmp", picture(100, 769, Kind::bmp));
  EXPECT_EQ(shape(load("/over.bmp")), "image/png 100x768");
  memory.put("/odd.png", picture(3000, 100));
  EXPECT_EQ(shape(load("/odd.png")), "image/png 2048x68") << "any ratio";
  memory.put("/thin.png", picture(4096, 1));
  EXPECT_EQ(shape(load("/thin.png")), "image/png 2048x1");
}

TEST(Resized, AnySizes) {
  Pixels one{1, 1, {10, 20, 30, 40}};
  EXPECT_EQ(resized(one, 3, 2).data.size(), 24u);
  Pixels grey{0, 0, std::vector<unsigned char>(3000 * 40 * 4, 200)};
  for (auto [width, height, to_width, to_height] :
       {std::array{3000, 40, 2048, 27}, {2999, 39, 2048, 1}, {40, 3000, 10, 768}, {7, 5, 1, 1}, {5, 7, 9, 11}}) {
    grey.width = width;
    grey.height = height;
    auto out = resized(grey, to_width, to_height);
    EXPECT_EQ(out.data, std::vector<unsigned char>(static_cast<std::size_t>(to_width * to_height * 4), 200));
  }
  Pixels edge{4, 1, {0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255}};
  EXPECT_EQ(resized(edge, 2, 1).data, (std::vector<unsigned char>{36, 36, 36, 255, 219, 219, 219, 255}));
}

TEST_F(ImagesTest, FailuresAreTexts) {
  auto cut = picture(40, 40);
  cut.resize(cut.size() / 2);
  memory.put("/cut.png", cut);
  memory.put("/text.png", "not a picture");
  memory.put("/text.TXT", "x");
  memory.put("/noextension", "x");
  ASSERT_TRUE(memory.make_dirs("/folder.png"));
  EXPECT_EQ(load("/gone.png"),
            "Codex could not read the local image at `/gone.png`: failed to read image at /gone.png: "
            "No such file or directory (os error 2)");
  EXPECT_TRUE(load("/folder.png").starts_with("Codex could not read the local image at `/folder.png`: failed to read"));
  auto broken = picture(4, 4);
  broken[40] ^= 1;  // in the first IDAT chunk
  memory.put("/broken.png", broken);
  memory.put("/broken.gif", std::string("GIF89a\x05\0\x05\0\xF0\0\0", 13) + std::string(30, '\xFF'));
  memory.put("/broken.jpg", "\xFF\xD8\xFF\xE0" + std::string(20, '\0'));
  for (std::string path : {"/broken.png", "/broken.gif", "/broken.jpg"}) {
    EXPECT_TRUE(
        load(path).starts_with(fmt::format("Image located at `{0}` is invalid: failed to decode image at {0}: ", path)))
        << load(path);
  }
  for (std::string path : {"/cut.png", "/text.png"}) {
    EXPECT_EQ(load(path),
              fmt::format("Codex cannot attach image at `{}`: unsupported image format `image/png`.", path));
  }
  EXPECT_EQ(load("/text.TXT"),
            "Codex could not read the local image at `/text.TXT`: unsupported MIME type `text/plain`");
  EXPECT_EQ(load("/noextension"),
            "Codex could not read the local image at `/noextension`: unsupported MIME type (unknown)");
}

TEST_F(ImagesTest, LabelsCountEveryImage) {
  memory.put("/p.png", picture(2, 2));
  auto item = user_message(files, {wire::input::LocalImage{"/gone.png"}, wire::input::Image{"https://x/y.png"},
                                   wire::input::Text{"look", {}}, wire::input::Skill{"s", "/s"},
                                   wire::input::Mention{"m", "app://m"}, wire::input::LocalImage{"/p.png"}});
  const auto& message = std::get<wire::Message>(item);
  EXPECT_EQ(message.role, "user");
  std::vector<std::string> parts;
  for (const auto& part : message.content) {
    const auto* text = std::get_if<wire::InputText>(&part);
    parts.push_back(text != nullptr ? text->text.substr(0, 30)
                                    : std::get<wire::InputImage>(part).image_url.substr(0, 15));
  }
  EXPECT_EQ(parts, (std::vector<std::string>{"Codex could not read the local", "<image>", "https://x/y.png", "</image>",
                                             "look", "<image name=[Image #3]>", "data:image/png;", "</image>"}));
}

}  // namespace burin::context
