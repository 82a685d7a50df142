#include "base/mapping.h"

namespace burin {
namespace mapping_test {

enum class Color { red, green, blue };
BURIN_ENUM(Color, {Color::red, "red"}, {Color::green, "green"}, {Color::blue, "blue"}, {Color::blue, "azure"})
enum class Plan { free, unknown };
BURIN_ENUM_OR(Plan, Plan::unknown, {Plan::free, "free"}, {Plan::unknown, "unknown"})
enum class Pair { a, b };
BURIN_ENUM(Pair, {Pair::a, "a"}, {Pair::b, "b"})

struct Text {
  std::string text;
};
BURIN_WIRE(Text, text)
struct Image {
  std::string image_url;
  std::optional<std::string> detail;
};
BURIN_WIRE(Image, image_url, (detail, alias("quality")))
struct Nothing {};
BURIN_WIRE(Nothing)
struct Rest {
  static constexpr bool catch_all = true;
};
BURIN_WIRE(Rest)
struct Said {
  Nullable<std::string> what;
};
BURIN_NEWTYPE(Said, what)

using Part = OneOf<"type", Alt<"text", Text>, Alt<"image", Image, "picture", "photo">, Alt<"nothing", Nothing>>;
using Closed = StrictOneOf<"kind", Alt<"nothing", Nothing>, Alt<"text", Text>>;
using Caught = StrictOneOf<"kind", Alt<"text", Text>, Alt<"rest", Rest>>;
using Outer = Tagged<Alt<"nothing", Nothing>, Alt<"said", Said>, Alt<"image", Image>>;
using OuterCaught = Tagged<Alt<"nothing", Nothing>, Alt<"rest", Rest>>;

struct All {
  bool flag = false;
  std::int32_t i32 = 0;
  std::uint32_t u32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  double real = 0;
  float small = 0;
  std::string text;
  json::value any;
  json::object object;
  json::array array;
  std::vector<std::string> list;
  std::map<std::string, std::int64_t> map;
  Color color{};
  Part part;
};
BURIN_WIRE(All, flag, i32, u32, i64, u64, real, small, text, any, object, array, list, map, color, part)

struct Absent {
  std::optional<std::string> optional;
  Nullable<std::string> nullable;
  std::optional<Nullable<std::string>> three;
  Lenient<Color> lenient;
  std::int64_t defaulted_one = 7;
  bool omitted = false;
  std::vector<std::string> omitted_list;
  Closed omitted_union;
  std::string hidden;
  std::string renamed_one;
  json::object extra;
};
BURIN_WIRE(Absent, optional, nullable, three, lenient, (defaulted_one, defaulted), (omitted, omit_empty),
           (omitted_list, omit_empty), (omitted_union, omit_empty), (hidden, read_only),
           (renamed_one, as("renamedOne"), alias("renamed_one"), defaulted))

struct Deep {
  std::vector<Part> parts;
  std::map<std::string, Outer> outers;
};
BURIN_WIRE(Deep, parts, (outers, defaulted))

struct Wide {
  int a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24,
      a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47,
      a48, a49, a50;
};
BURIN_WIRE(Wide, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22,
           a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44,
           a45, a46, a47, a48, a49, a50)

template <class T>
std::string again(std::string_view text) {
  const auto value = read_mapped<T>(parse_json(text).value());
  return value ? dump_mapped(*value) : "error: " + value.error().what;
}

}  // namespace mapping_test
using namespace mapping_test;

TEST(Mapping, EveryMemberType) {
  const std::string text =
      R"({"flag":true,"i32":-2147483648,"u32":4294967295,"i64":-9,"u64":18446744073709551615,"real":1.0,"small":0.9,)"
      R"("text":"é\"","any":[1,null],"object":{"z":1,"a":2.5},"array":[{}],"list":["x",""],"map":{"a":1,"b":2},)"
      R"("color":"green","part":{"type":"text","text":"t"}})";
  EXPECT_EQ(again<All>(text), text);
  EXPECT_EQ(dump(to_json(read_mapped<All>(parse_json(text).value()).value())), text);
}

TEST(Mapping, MembersMayComeInAnyOrder) {
  EXPECT_EQ(again<Image>(R"({"detail":"d","image_url":"u"})"), R"({"image_url":"u","detail":"d"})");
}

TEST(Mapping, AbsentAndNull) {
  const std::string_view least = R"({"nullable":null,"defaulted_one":7,"renamedOne":""})";
  EXPECT_EQ(again<Absent>("{}"), least);
  EXPECT_EQ(again<Absent>(R"({"optional":null,"nullable":null,"lenient":null,"defaulted_one":null,"omitted":null})"),
            least);
  EXPECT_EQ(again<Absent>(R"({"three":null})"), R"({"nullable":null,"three":null,"defaulted_one":7,"renamedOne":""})");
  EXPECT_EQ(again<Absent>(R"({"three":"x","optional":"o","nullable":"n"})"),
            R"({"optional":"o","nullable":"n","three":"x","defaulted_one":7,"renamedOne":""})");
  EXPECT_EQ(again<Absent>(R"({"lenient":"pink"})"), least);
  EXPECT_EQ(again<Absent>(R"({"lenient":3})"), least);
  EXPECT_EQ(again<Absent>(R"({"lenient":"azure","defaulted_one":0})"),
            R"({"nullable":null,"lenient":"blue","defaulted_one":0,"renamedOne":""})");
}

TEST(Mapping, OmittedWhileEmpty) {
  EXPECT_EQ(again<Absent>(R"({"omitted":false,"omitted_list":[],"omitted_union":{"kind":"nothing"}})"),
            again<Absent>("{}"));
  EXPECT_EQ(again<Absent>(R"({"omitted":true,"omitted_list":["x"],"omitted_union":{"kind":"text","text":""}})"),
            R"({"nullable":null,"defaulted_one":7,"omitted":true,"omitted_list":["x"],)"
            R"("omitted_union":{"kind":"text","text":""},"renamedOne":""})");
}

TEST(Mapping, ReadOnlyRenamedAliased) {
  const auto value = read_mapped<Absent>(parse_json(R"({"hidden":"h","renamed_one":"r"})").value()).value();
  EXPECT_EQ(value.hidden, "h");
  EXPECT_EQ(value.renamed_one, "r");
  EXPECT_EQ(dump_mapped(value), R"({"nullable":null,"defaulted_one":7,"renamedOne":"r"})");
  EXPECT_EQ(again<Image>(R"({"image_url":"u","quality":"q"})"), R"({"image_url":"u","detail":"q"})");
}

TEST(Mapping, UnknownMembersSurviveWhereThereIsRoom) {
  EXPECT_EQ(again<Absent>(R"({"new":{"b":1,"a":[]},"nullable":"n","x":null})"),
            R"({"nullable":"n","defaulted_one":7,"renamedOne":"","new":{"b":1,"a":[]},"x":null})");
  EXPECT_EQ(again<Text>(R"({"text":"t","annotations":[]})"), R"({"text":"t"})");
}

TEST(Mapping, OpenUnions) {
  EXPECT_EQ(again<Part>(R"({"type":"photo","image_url":"u"})"), R"({"type":"image","image_url":"u"})");
  EXPECT_EQ(again<Part>(R"({"type":"nothing"})"), R"({"type":"nothing"})");
  const std::string_view unknown = R"({"x":[1,2.5],"type":"video","y":{}})";
  EXPECT_EQ(again<Part>(unknown), unknown);
  EXPECT_EQ(again<Part>("[]"), "error: invalid type: sequence, expected a map");
  EXPECT_EQ(again<Part>("{}"), "error: missing field `type`");
  EXPECT_EQ(again<Part>(R"({"type":1})"), "error: type: invalid type: integer `1`, expected a string");
  EXPECT_EQ(tag_of(Part(Image{})), "image");
  EXPECT_EQ(tag_of(read_mapped<Part>(parse_json(unknown).value()).value()), "video");
}

TEST(Mapping, ClosedUnions) {
  EXPECT_EQ(again<Closed>(R"({"kind":"text","text":"t"})"), R"({"kind":"text","text":"t"})");
  EXPECT_EQ(again<Closed>(R"({"kind":"x"})"), "error: kind: unknown variant `x`, expected `nothing` or `text`");
  EXPECT_EQ(again<Caught>(R"({"kind":"x","y":1})"), R"({"kind":"rest"})");
  EXPECT_EQ(tag_of(Closed()), "nothing");
}

TEST(Mapping, ExternallyTaggedUnions) {
  for (const std::string_view text :
       {R"("nothing")", R"({"said":"x"})", R"({"said":null})", R"({"image":{"image_url":"u"}})"}) {
    EXPECT_EQ(again<Outer>(text), text);
  }
  EXPECT_EQ(again<Outer>(R"({"nothing":null})"), R"("nothing")");
  EXPECT_EQ(again<Outer>(R"("x")"), "error: unknown variant `x`, expected one of `nothing`, `said`, `image`");
  EXPECT_EQ(again<Outer>(R"({"image":{}})"), "error: image: missing field `image_url`");
  EXPECT_EQ(again<Outer>(R"("image")").substr(0, 20), "error: invalid type:");
  EXPECT_EQ(again<Outer>(R"({"nothing":1})").substr(0, 6), "error:");
  EXPECT_EQ(again<Outer>(R"({"said":"a","image":{}})").substr(0, 6), "error:");
  EXPECT_EQ(again<Outer>("3").substr(0, 6), "error:");
  EXPECT_EQ(again<OuterCaught>(R"("x")"), R"("rest")");
  EXPECT_EQ(again<OuterCaught>(R"({"x":1})"), R"("rest")");
}

TEST(Mapping, Enums) {
  EXPECT_EQ(again<Color>(R"("azure")"), R"("blue")");
  EXPECT_EQ(again<Color>(R"("pink")"),
            "error: unknown variant `pink`, expected one of `red`, `green`, `blue`, `azure`");
  EXPECT_EQ(again<Pair>(R"("c")"), "error: unknown variant `c`, expected `a` or `b`");
  EXPECT_EQ(again<Plan>(R"("platinum")"), R"("unknown")");
  EXPECT_EQ(again<Plan>("1"), "error: invalid type: integer `1`, expected a string");
  EXPECT_EQ(to_string(Color::blue), "blue");
  EXPECT_EQ(from_string<Color>("azure"), Color::blue);
  EXPECT_EQ(from_string<Color>("pink"), std::nullopt);
}

TEST(Mapping, ErrorsCarryThePath) {
  EXPECT_EQ(again<Deep>(R"({"parts":[{"type":"text","text":""},{"type":"image","image_url":3}]})"),
            "error: parts[1].image_url: invalid type: integer `3`, expected a string");
  EXPECT_EQ(again<Deep>(R"({"parts":[],"outers":{"k":{"image":{}}}})"),
            "error: outers.k.image: missing field `image_url`");
  EXPECT_EQ(again<Deep>("{}"), "error: missing field `parts`");
  EXPECT_EQ(again<Deep>(R"({"parts":null})"), "error: parts: invalid type: null, expected a sequence");
  EXPECT_EQ(again<Deep>("true"), "error: invalid type: boolean `true`, expected struct Deep");
}

TEST(Mapping, IntegersMustFit) {
  EXPECT_EQ(again<std::int32_t>("2147483648"), "error: invalid value: integer `2147483648`, expected i32");
  EXPECT_EQ(again<std::uint32_t>("-1"), "error: invalid value: integer `-1`, expected u32");
  EXPECT_EQ(again<std::int64_t>("1.0"), "error: invalid type: floating point `1.0`, expected i64");
  EXPECT_EQ(again<std::uint64_t>("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(again<double>("3"), "3.0");
  EXPECT_EQ(again<std::string>(R"(["x"])"), "error: invalid type: sequence, expected a string");
}

TEST(Mapping, FiftyMembers) {
  json::object all;
  for (int i = 1; i <= 50; ++i) all[fmt::format("a{}", i)] = i;
  EXPECT_EQ(again<Wide>(dump(all)), dump(all));
  all.erase("a50");
  EXPECT_EQ(again<Wide>(dump(all)), "error: missing field `a50`");
}

TEST(Mapping, NullableIsAnOrdinaryOptional) {
  Nullable<bool> a = false;
  Nullable<bool> b = a;  // copied, not converted to "has a value"
  EXPECT_TRUE(b.has_value());
  EXPECT_FALSE(*b);
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(a == false);
  a = std::nullopt;
  EXPECT_FALSE(a == b);
  b = std::optional<bool>();
  EXPECT_TRUE(a == b);
}

}  // namespace burin
