// The cases of shared/vectors/apply_patch, when they are there, and patches made from random edits, whose result is
// known without the code under test.
#include <cstdlib>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/environment.h"
#include "io/fake_files.h"
#include "tools/patch_apply.h"
#include "tools/patch_main.h"

namespace burin::tools {

namespace patch_vectors_test_detail {

/// Files by path below the root; folders with an end in '/'.
using Tree = std::map<std::string, std::string>;

void collect(io::Files& files, const std::string& root, const std::string& below, Tree& out) {
  auto names = files.list(path::join(root, below));
  if (!names) return;
  for (const auto& name : *names) {
    const std::string relative = below.empty() ? name : below + "/" + name;
    const std::string whole = path::join(root, relative);
    if (files.is_dir(whole)) {
      out[relative + "/"];
      collect(files, root, relative, out);
    } else {
      out[relative] = files.read(whole).value_or("(unreadable)");
    }
  }
}

Tree tree_of(io::Files& files, const std::string& root) {
  Tree out;
  collect(files, root, "", out);
  return out;
}

/// The folder with the vectors, or "".
std::string vectors() {
  const auto env = io::Environment::capture();
  std::string shared(env.get("BURIN_SHARED_DIR").value_or(""));
  if (shared.empty()) {
    // src/tools/patch_vectors_test.cc -> beside the project
    std::string_view here = __FILE__;
    for (int i = 0; i < 3; ++i) here = path::parent(here);
    shared = path::join(path::parent(here), "shared");
  }
  std::string folder = path::join(shared, "vectors/apply_patch");
  return io::real_files().is_dir(folder) ? folder : "";
}

}  // namespace patch_vectors_test_detail

using namespace patch_vectors_test_detail;

TEST(PatchVectors, LeaveTheExpectedTree) {
  io::Files& real = io::real_files();
  const std::string folder = vectors();
  if (folder.empty()) GTEST_SKIP() << "no vectors: set BURIN_SHARED_DIR";
  int cases = 0;
  const auto names = real.list(folder);
  ASSERT_TRUE(names);
  for (const auto& name : *names) {
    const std::string place = path::join(folder, name);
    if (!real.is_dir(place)) continue;
    ++cases;
    io::MemFiles memory;
    ASSERT_TRUE(memory.make_dirs("/w"));
    for (const auto& [file, content] : tree_of(real, path::join(place, "input"))) {
      if (file.ends_with('/')) {
        ASSERT_TRUE(memory.make_dirs("/w/" + file));
      } else {
        memory.put("/w/" + file, content);
      }
    }
    internal_patch_command({real.read(path::join(place, "patch.txt")).value()}, memory, "/w");
    EXPECT_EQ(tree_of(memory, "/w"), tree_of(real, path::join(place, "expected"))) << name;
  }
  EXPECT_GE(cases, 12);
}

namespace patch_vectors_test_detail {

struct Line {
  std::string text;
  bool crlf = false;
};

struct Case {
  std::string before, patch, after;
};

/// A random file of different lines, a random edit of it, and the patch that says so.
class CaseMaker {
 public:
  explicit CaseMaker(unsigned seed) : random_(seed) {}

  Case make() {
    number_ = 0;
    const unsigned style = static_cast<unsigned>(pick(3));
    std::vector<Line> lines(1 + pick(40));
    for (auto& line : lines) line = {fresh(), style == 1 || (style == 2 && pick(2) == 0)};
    const bool final_newline = pick(4) != 0;
    // The last line ends like the one before it once it gets an end.
    std::vector<Line> ended = lines;
    if (!final_newline) ended.back().crlf = ended.size() > 1 && ended[ended.size() - 2].crlf;
    Case out;
    const std::string mark = pick(5) == 0 ? "\xEF\xBB\xBF" : "";
    out.before = mark + text_of(lines);
    if (!final_newline) out.before.resize(out.before.size() - (lines.back().crlf ? 2 : 1));
    edit(ended, out);
    out.after.insert(0, mark);
    out.patch = "*** Begin Patch\n*** Update File: f\n" + out.patch + "*** End Patch\n";
    return out;
  }

 private:
  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::string fresh() {
    static const char* const endings[] = {"", "  ", " {", " – “é”", "\t"};
    return std::string(pick(6), ' ') + "line " + std::to_string(++number_) + endings[pick(5)];
  }

  static std::string text_of(const std::vector<Line>& lines) {
    std::string out;
    for (const auto& line : lines) out += line.text + (line.crlf ? "\r\n" : "\n");
    return out;
  }

  void edit(const std::vector<Line>& lines, Case& out) {
    std::vector<Line> after;
    std::size_t at = 0;
    bool any = false;
    while (at < lines.size()) {
      const bool start_chunk = pick(6) == 0 || (!any && at + 1 == lines.size());
      if (!start_chunk) {
        after.push_back(lines[at++]);
        continue;
      }
      any = true;
      out.patch += "@@\n";
      const std::size_t end = std::min(lines.size(), at + 1 + pick(5));
      bool touched = false;
      while (at < end) {
        const std::size_t what = pick(4);
        if (what == 0) add(lines, at, after, out);
        if (what == 1) {
          out.patch += "-" + lines[at].text + "\n";
        } else {
          out.patch += " " + lines[at].text + "\n";
          after.push_back(lines[at]);
        }
        touched = true;
        ++at;
        if (what == 1 && pick(2) == 0) add(lines, at, after, out);
      }
      EXPECT_TRUE(touched);
    }
    out.after = text_of(after);
  }

  void add(const std::vector<Line>& lines, std::size_t at, std::vector<Line>& after, Case& out) {
    Line line{fresh(), at > 0 ? lines[at - 1].crlf : lines[0].crlf};
    out.patch += "+" + line.text + "\n";
    after.push_back(std::move(line));
  }

  std::mt19937 random_;
  int number_ = 0;
};

}  // namespace patch_vectors_test_detail

TEST(PatchProperty, APatchMadeFromAnEditGivesTheEdit) {
  CaseMaker maker(1);
  for (int i = 0; i < 5000; ++i) {
    const Case c = maker.make();
    io::MemFiles files;
    files.put("/w/f", c.before);
    const auto end = internal_patch_command({c.patch}, files, "/w");
    ASSERT_EQ(end.code, 0) << end.err << c.patch << c.before;
    ASSERT_EQ(files.read("/w/f").value(), c.after) << "case " << i << "\n" << c.patch << c.before;
  }
}

}  // namespace burin::tools
