// What a power cut may do and what it may not.
#include "io/power_files.h"

#include <set>

#include <gtest/gtest.h>

namespace burin::io {

constexpr std::uint64_t seeds = 300;

/// What is left of `path` over all seeds; "-" stands for no file.
template <class F>
std::set<std::string> outcomes(const std::string& path, F&& prepare) {
  std::set<std::string> out;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    PowerFiles files;
    prepare(files);
    files.cut(seed);
    auto text = files.read(path);
    out.insert(text ? *text : "-");
  }
  return out;
}

using Texts = std::set<std::string>;

std::unique_ptr<AppendFile> opened(PowerFiles& files, const std::string& path) {
  return *files.open_append(path, true);
}

TEST(PowerFiles, ANameNeedsItsFolderAndTheFoldersAbove) {
  auto make = [](PowerFiles& files) {
    ASSERT_TRUE(files.make_dirs("/a/b"));
    auto file = opened(files, "/a/b/f");
    ASSERT_TRUE(file->append("x"));
    ASSERT_TRUE(file->sync());
  };
  EXPECT_EQ(outcomes("/a/b/f", make), (Texts{"-", "x"}));
  auto inner = [&](PowerFiles& files) {
    make(files);
    ASSERT_TRUE(files.sync_dir("/a/b"));
  };
  EXPECT_EQ(outcomes("/a/b/f", inner), (Texts{"-", "x"})) << "the folders may be lost";
  auto all = [&](PowerFiles& files) {
    inner(files);
    ASSERT_TRUE(files.sync_dir("/a"));
    ASSERT_TRUE(files.sync_dir("/"));
  };
  EXPECT_EQ(outcomes("/a/b/f", all), Texts{"x"});
}

TEST(PowerFiles, WhatWasSyncedStaysAndTheRestIsTornAtSectors) {
  const std::string synced(1000, 's'), later(9000, 'l');
  auto left = outcomes("/f", [&](PowerFiles& files) {
    auto file = opened(files, "/f");
    ASSERT_TRUE(file->append(synced));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(files.sync_dir("/"));
    ASSERT_TRUE(file->append(later));
  });
  EXPECT_TRUE(left.contains(synced));
  EXPECT_TRUE(left.contains(synced + later));
  bool hole = false, noise = false;
  for (const auto& text : left) {
    ASSERT_GE(text.size(), synced.size());
    EXPECT_TRUE(text.starts_with(synced));
    for (std::size_t from = 1024; from < text.size(); from += 512) {
      auto sector = std::string_view(text).substr(from, 512);
      bool arrived = sector == std::string(sector.size(), 'l');
      bool zeros = sector == std::string(sector.size(), '\0');
      hole = hole || (zeros && text.back() == 'l');
      noise = noise || (!arrived && !zeros);
    }
  }
  EXPECT_TRUE(hole && noise) << "later sectors may arrive before earlier ones";
  EXPECT_GT(left.size(), 50u);
}

TEST(PowerFiles, ARenameIsDoneOrNotAndACutTruncationMayComeBack) {
  auto prepare = [](PowerFiles& files) {
    ASSERT_TRUE(files.make_dirs("/a"));
    files.put("/f", "old tail");
    files.settle();
  };
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    PowerFiles files;
    prepare(files);
    ASSERT_TRUE(files.rename("/f", "/a/f"));
    files.cut(seed);
    EXPECT_NE(files.exists("/f"), files.exists("/a/f")) << seed;
  }
  auto cut = outcomes("/f", [&](PowerFiles& files) {
    prepare(files);
    ASSERT_TRUE(opened(files, "/f")->truncate(3));
  });
  EXPECT_EQ(cut, (Texts{"old", "old tail"}));
  auto replaced = outcomes("/f", [&](PowerFiles& files) {
    prepare(files);
    ASSERT_TRUE(files.write_atomic("/f", "new", 0600));
  });
  EXPECT_EQ(replaced, Texts{"new"});
  auto removed = outcomes("/f", [&](PowerFiles& files) {
    prepare(files);
    ASSERT_TRUE(files.remove("/f"));
  });
  EXPECT_EQ(removed, (Texts{"-", "old tail"}));
}

TEST(PowerFiles, TheProgramDiesWithThePowerAndItsLocksToo) {
  PowerFiles files;
  auto file = opened(files, "/f");
  ASSERT_TRUE(file->lock());
  files.settle();
  files.cut(1);
  EXPECT_FALSE(file->append("x"));
  EXPECT_FALSE(file->sync());
  EXPECT_EQ(*files.read("/f"), "");
  EXPECT_TRUE(opened(files, "/f")->lock());
}

}  // namespace burin::io
