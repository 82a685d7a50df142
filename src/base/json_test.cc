#include "base/json.h"

#include <limits>

namespace burin {

std::string round(std::string_view text) {
  const auto v = parse_json(text);
  return v ? dump(*v) : "error: " + v.error().what;
}

TEST(Json, WritesWhatItReads) {
  for (const std::string_view text :
       {R"({"b":1,"a":[true,false,null,{}],"c":{"d":"e"},"":[]})", R"([0,-1,9223372036854775807,18446744073709551615])",
        R"([0.5,-0.1,1.0,12.5,0.30000000000000004,123456789.123456789e-3])", R"("\u0001\u001f\"\\\b\f\n\r\té😀/")"}) {
    const auto once = round(text);
    EXPECT_EQ(round(once), once);
    EXPECT_EQ(parse_json(text).value(), parse_json(once).value());
  }
  EXPECT_EQ(round(R"( {"b" : 1 , "a":[ ] } )"), R"({"b":1,"a":[]})");
  EXPECT_EQ(round(R"("\/\u0041\u00e9\ud83d\ude00")"), R"("/Aé😀")");
}

TEST(Json, KeepsKeyOrderAndTheLastOfEqualKeys) {
  EXPECT_EQ(round(R"({"z":1,"a":2,"m":3,"a":4})"), R"({"z":1,"a":4,"m":3})");
}

TEST(Json, Doubles) {
  const auto text = [](double d) {
    std::string out;
    write_json_double(out, d);
    return out;
  };
  EXPECT_EQ(text(1), "1.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(100), "100.0");
  EXPECT_EQ(text(1e15), "1000000000000000.0");
  EXPECT_EQ(text(1e16), "1e16");
  EXPECT_EQ(text(1.5e300), "1.5e300");
  EXPECT_EQ(text(1e-5), "0.00001");
  EXPECT_EQ(text(1.25e-7), "1.25e-7");
  EXPECT_EQ(text(-123.456), "-123.456");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(text(5e-324), "5e-324");
}

TEST(Json, NumbersKeepTheirLastBit) {
  // Boost's own conversion is off by one unit for some of these.
  for (const double d : {0.1 + 0.2, 1.7976931348623157e308, 2.2250738585072014e-308, 123456.789012345, 4.35, 1e23}) {
    std::string out;
    write_json_double(out, d);
    EXPECT_EQ(parse_json(out).value().as_double(), d) << out;
  }
  EXPECT_EQ(round("1e-400"), "0.0");
  EXPECT_EQ(round("36893488147419103232"), "3.6893488147419103e19");  // beyond 64 bits
}

TEST(Json, ErrorsNameThePlace) {
  EXPECT_EQ(round("{\"a\":1,\n  \"b\" 2}"), "error: unexpected character at line 2 column 7");
  EXPECT_EQ(round(""), "error: unexpected end of the text at line 1 column 1");
  EXPECT_EQ(round("[1"), "error: unexpected end of the text at line 1 column 3");
  EXPECT_EQ(round("1 2"), "error: unexpected text after the value at line 1 column 3");
  EXPECT_EQ(round("1e999"), "error: number out of range at line 1 column 6");
  EXPECT_EQ(round("[1,]").substr(0, 7), "error: ");
  EXPECT_EQ(round("{'a':1}").substr(0, 7), "error: ");
  EXPECT_EQ(round("NaN").substr(0, 7), "error: ");
  EXPECT_EQ(round("\"a\nb\"").substr(0, 7), "error: ");
}

TEST(Json, DepthIsLimited) {
  EXPECT_TRUE(parse_json(std::string(512, '[') + std::string(512, ']')));
  EXPECT_EQ(round(std::string(513, '[') + std::string(513, ']')).substr(0, 37),
            "error: nested deeper than 512 levels ");
}

TEST(Json, IllFormedTextIsRepaired) {
  EXPECT_EQ(round("\"a\xff\xc3\x28\""), "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\"");
  EXPECT_EQ(round(R"("\ud800x")"), "\"\xEF\xBF\xBDx\"");
  EXPECT_EQ(round(R"("\udc00\ud800")"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(round(R"("\ud800\ud83d\ude00")"), "\"\xEF\xBF\xBD😀\"");
  // Not an escape: the backslash is itself escaped.
  EXPECT_EQ(round("\"\xff\\\\ud800\""), "\"\xEF\xBF\xBD\\\\ud800\"");
  // A text that is both ill-formed and wrong is still refused.
  EXPECT_EQ(round("\"\xff\" x").substr(0, 7), "error: ");
}

TEST(Json, StringsAreWrittenWellFormed) {
  std::string out;
  write_json_string(out, "a\x80\xed\xa0\x80\xf0\x9f\x98z\x7f");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\x7f\"");
  out.clear();
  write_json_string(out, "\xEF\xBF\xBD");
  EXPECT_EQ(out, "\"\xEF\xBF\xBD\"");
}

TEST(Json, Pretty) {
  EXPECT_EQ(dump_pretty(parse_json(R"({"a":[1,{"b":null}],"c":{},"d":[]})").value()),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}

TEST(Json, Finders) {
  const auto v =
      parse_json(R"({"s":"x","i":3,"d":2.0,"f":2.5,"b":true,"o":{},"a":[],"u":18446744073709551615})").value();
  EXPECT_EQ(find_string(v, "s"), "x");
  EXPECT_EQ(find_string(v, "i"), std::nullopt);
  EXPECT_EQ(find_int(v, "i"), 3);
  EXPECT_EQ(find_int(v, "d"), 2);
  EXPECT_EQ(find_int(v, "f"), std::nullopt);
  EXPECT_EQ(find_int(v, "u"), std::nullopt);
  EXPECT_EQ(find_double(v, "i"), 3.0);
  EXPECT_EQ(find_double(v, "f"), 2.5);
  EXPECT_EQ(find_bool(v, "b"), true);
  EXPECT_EQ(find_bool(v, "s"), std::nullopt);
  EXPECT_NE(find_object(v, "o"), nullptr);
  EXPECT_EQ(find_object(v, "a"), nullptr);
  EXPECT_NE(find_array(v, "a"), nullptr);
  EXPECT_EQ(find(v, "none"), nullptr);
  EXPECT_EQ(find(json::value(3), "none"), nullptr);
  EXPECT_EQ(type_name(*find(v, "f")), "floating point");
  EXPECT_EQ(type_name(*find(v, "o")), "map");
}

}  // namespace burin
