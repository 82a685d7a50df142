#include "base/text.h"

namespace burin {

TEST(Text, Utf8Lossy) {
  EXPECT_EQ(utf8_lossy("plain é 😀"), "plain é 😀");
  // One replacement for each maximal subpart.
  EXPECT_EQ(utf8_lossy("\xf0\x9f\x98"), "\xEF\xBF\xBD");
  EXPECT_EQ(utf8_lossy("\xf0\x80\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(utf8_lossy("\xed\xa0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(utf8_lossy("a\xc0\xaf"
                       "b\xf4\x90"
                       "c"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD"
            "c");
  EXPECT_EQ(utf8_lossy("\xe2\x82"
                       "x"),
            "\xEF\xBF\xBDx");
  EXPECT_TRUE(utf8_valid("0123456789é"));
  EXPECT_FALSE(utf8_valid("0123456789\xc3"));
}

TEST(Text, CodePoints) {
  EXPECT_EQ(count_code_points("aé😀"), 3u);
  EXPECT_EQ(first_code_points("aé😀b", 3), "aé😀");
  EXPECT_EQ(first_code_points("aé", 9), "aé");
  EXPECT_EQ(first_code_points("aé", 0), "");
  EXPECT_EQ(floor_boundary("aé", 2), 1u);
  EXPECT_EQ(ceil_boundary("aé", 2), 3u);
  EXPECT_EQ(floor_boundary("aé", 9), 3u);
  EXPECT_EQ(ceil_boundary("aé", 9), 3u);
  for (const char32_t c : {0x24u, 0xE9u, 0x20ACu, 0x1F600u, 0x10FFFFu}) {
    std::string s;
    append_code_point(s, c);
    std::size_t at = 0;
    EXPECT_EQ(next_code_point(s, at), c);
    EXPECT_EQ(at, s.size());
  }
  std::string bad;
  append_code_point(bad, 0xD800);
  EXPECT_EQ(bad, "\xEF\xBF\xBD");
}

TEST(Text, Trim) {
  EXPECT_EQ(trim(" \t\r\n\xC2\xA0 a b \xE3\x80\x80\xC2\x85"), "a b");
  EXPECT_EQ(trim_start("  a "), "a ");
  EXPECT_EQ(trim_end("  a "), "  a");
  EXPECT_EQ(trim("\xE2\x80\x8B"), "\xE2\x80\x8B");  // zero width space is not white space
  EXPECT_EQ(trim_end("a\xff"), "a\xff");
  EXPECT_TRUE(blank(" \n"));
  EXPECT_FALSE(blank("x"));
}

TEST(Text, SplitAndLines) {
  using V = std::vector<std::string_view>;
  EXPECT_EQ(split("a,,b,", ','), (V{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (V{""}));
  EXPECT_EQ(lines("a\r\nb\n\nc"), (V{"a", "b", "", "c"}));
  EXPECT_EQ(lines("a\n"), (V{"a"}));
  EXPECT_EQ(lines("a\r"), (V{"a\r"}));  // a bare CR ends no line
  EXPECT_EQ(lines(""), V{});
  for (const std::string_view s : {"", "a", "a\n", "\n", "a\n\nb", "\r\n"}) EXPECT_EQ(count_lines(s), lines(s).size());
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Text, Replace) {
  EXPECT_EQ(replace_all("aXbXX", "X", "yy"), "ayybyyyy");
  EXPECT_EQ(replace_all("aaa", "aa", "b"), "ba");
  EXPECT_EQ(replace_all("a", "", "b"), "a");
}

TEST(Text, AsciiCase) {
  EXPECT_EQ(to_lower_ascii("AbÉ"), "abÉ");
  EXPECT_TRUE(equals_ignore_case("Ab", "aB"));
  EXPECT_FALSE(equals_ignore_case("Ab", "aBc"));
  EXPECT_TRUE(starts_with_ignore_case("Content-Type", "content-"));
  EXPECT_TRUE(ends_with_ignore_case("a.TXT", ".txt"));
  EXPECT_FALSE(ends_with_ignore_case("t", ".txt"));
}

TEST(Text, Base64) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64_decode("Zm9vYmE="), "fooba");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64(all)), all);
  for (const std::string_view bad : {"Zg", "Zg=", "Zg===", "Z===", "Zh==", "Zm9v\n", "Zm-v", "=Zg="}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(base64url_decode("_-8"), "\xff\xef");
  EXPECT_EQ(base64url_decode("_-8="), std::nullopt);
  EXPECT_EQ(base64url_decode("/+8"), std::nullopt);
  EXPECT_EQ(base64url("\xff\xef"), "_-8");
  EXPECT_EQ(percent_encode("a b&c=\xc3\xa4-._~"), "a%20b%26c%3D%C3%A4-._~");
  EXPECT_EQ(percent_decode("a+b%20c%C3%a4%zz%4"), "a b c\xc3\xa4%zz%4");
}

TEST(Text, Digests) {
  const auto text = [](const auto& digest) {
    return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(text(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(text(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(text(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Text, Numbers) {
  EXPECT_EQ(parse_int("-12"), -12);
  EXPECT_EQ(parse_uint("18446744073709551615"), 18446744073709551615ull);
  for (const std::string_view bad : {"", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808"}) {
    EXPECT_EQ(parse_int(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_uint("-1"), std::nullopt);
  EXPECT_EQ(parse_double("1.5e3"), 1500.0);
  EXPECT_EQ(parse_double("nan"), std::nullopt);
  EXPECT_EQ(parse_double("1,5"), std::nullopt);
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(-999), "-999");
  EXPECT_EQ(with_thousands(-1000), "-1,000");
  EXPECT_EQ(shortest_float(0), "0");
  EXPECT_EQ(shortest_float(0.5f), "0.5");
  EXPECT_EQ(shortest_float(12.3f), "12.3");
  EXPECT_EQ(shortest_float(100), "100");
}

TEST(Text, Wildcards) {
  EXPECT_TRUE(wildcard_match("*", ""));
  EXPECT_TRUE(wildcard_match("*KEY*", "my_key_x"));
  EXPECT_TRUE(wildcard_match("a?c*", "aéc"));
  EXPECT_FALSE(wildcard_match("a?c", "ac"));
  EXPECT_FALSE(wildcard_match("a", "ab"));
  EXPECT_TRUE(wildcard_match("*a*b", "xaxab"));
  EXPECT_FALSE(wildcard_match(std::string(30, '*') + "b", std::string(3000, 'a')));
}

TEST(ShellWords, QuoteAsTheReferencePrintsCommands) {
  struct Case {
    std::string_view word, quoted;
  };
  for (const auto& [word, quoted] : std::initializer_list<Case>{
           {"", "''"},
           {"true", "true"},
           {"x@y:z/+._-]", "x@y:z/+._-]"},
           {"echo hi; ls nope", "'echo hi; ls nope'"},
           {"a=b", "'a=b'"},
           {"it's", "\"it's\""},
           {"it's $HOME", "\"it's \"'$HOME'"},
           {"a\\b", "\"a\\\\b\""},
           {"'", "\"'\""},
           {"a'b`c", "\"a'b\"'`c'"},
           {"!x", "'!x'"},
           {"a^b", "a'^b'"},
           {"^x", "'^x'"},
           {"é", "'é'"},
           {"a\nb", "'a\nb'"},
           {"\"q\"", "'\"q\"'"},
           {"'\"'", "\"'\\\"'\""},
           {"\\'$'!", "\"\\\\'\"'$'\"'\"'!'"},
           {"a$'^'b", "'a$'\"'\"'^'\"'b\""},
       }) {
    EXPECT_EQ(shell_quote(word), quoted);
    EXPECT_EQ(shell_split(shell_quote(word)), std::vector<std::string>{std::string(word)}) << word;
  }
  EXPECT_EQ(shell_join({"/bin/bash", "-lc", "echo hi; ls nope"}), "/bin/bash -lc 'echo hi; ls nope'");
  EXPECT_EQ(shell_join({"", "a"}), "'' a");
}

TEST(ShellWords, Split) {
  using V = std::vector<std::string>;
  EXPECT_EQ(shell_split(" a  'b c'\t\"d\\\"e\\x\" f\\ g "), (V{"a", "b c", "d\"e\\x", "f g"}));
  EXPECT_EQ(shell_split("a''b \"\" ''"), (V{"ab", "", ""}));
  EXPECT_EQ(shell_split("a # b\nc d#e"), (V{"a", "c", "d#e"}));
  EXPECT_EQ(shell_split("a\\\nb \\\n c"), (V{"ab", "c"}));
  EXPECT_EQ(shell_split(""), V{});
  for (const std::string_view bad : {"'a", "\"a", "a\\", "\"a\\"}) EXPECT_EQ(shell_split(bad), std::nullopt) << bad;
}

TEST(Path, Join) {
  EXPECT_EQ(path::join("/a", "b/c"), "/a/b/c");
  EXPECT_EQ(path::join("/a/", "b"), "/a/b");
  EXPECT_EQ(path::join("/a", "/b"), "/b");
  EXPECT_EQ(path::join("", "b"), "b");
}

TEST(Path, Normal) {
  EXPECT_EQ(path::normal("/a/./b//../c/"), "/a/c");
  EXPECT_EQ(path::normal("/../.."), "/");
  EXPECT_EQ(path::normal("../a/../../b"), "../../b");
  EXPECT_EQ(path::normal("a/.."), ".");
  EXPECT_EQ(path::normal(""), "");
}

TEST(Path, Parts) {
  EXPECT_EQ(path::parent("/a/b"), "/a");
  EXPECT_EQ(path::parent("/a"), "/");
  EXPECT_EQ(path::parent("/"), "");
  EXPECT_EQ(path::parent("a"), "");
  EXPECT_EQ(path::parent("/a/b/"), "/a");
  EXPECT_EQ(path::name("/a/b"), "b");
  EXPECT_EQ(path::name("b/"), "b");
  EXPECT_EQ(path::name("/"), "");
  EXPECT_TRUE(path::is_absolute("/a"));
  EXPECT_FALSE(path::is_absolute("a"));
}

TEST(Path, Contains) {
  EXPECT_TRUE(path::contains("/a", "/a"));
  EXPECT_TRUE(path::contains("/a", "/a/b"));
  EXPECT_FALSE(path::contains("/a", "/ab"));
  EXPECT_TRUE(path::contains("/", "/ab"));
}

}  // namespace burin
