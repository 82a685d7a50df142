// Decoding of prompts from stdin (cli-config.md 3.3).
#include "exec/prompt.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "exec/output.h"

namespace burin::exec {

using namespace std::string_literals;

TEST(Prompt, Encodings) {
  EXPECT_EQ(*decode_prompt(" as it is \n"), " as it is \n");
  EXPECT_EQ(*decode_prompt("\xEF\xBB\xBFhä"), "hä");
  EXPECT_EQ(*decode_prompt("\xFF\xFEh\0\xE4\0"s), "hä");
  EXPECT_EQ(*decode_prompt("\xFE\xFF\0h\0\xE4"s), "hä");
  EXPECT_EQ(*decode_prompt("\xFE\xFF\xD8\x3D\xDE\x00"s), "😀");
  for (auto bad : {"\xFF\xFE\0\0h\0\0\0"s, "\0\0\xFE\xFF\0\0\0h"s, "\xC3("s, "\xFF\xFEh"s, "\xFE\xFF\xD8\x3D\0h"s}) {
    auto result = decode_prompt(bad);
    ASSERT_FALSE(result);
    EXPECT_TRUE(contains(result.error().what, "Convert it to UTF-8 and retry."));
  }
}

TEST(Prompt, Durations) {
  EXPECT_EQ(duration_text({0, 51'000'000}), "51ms");
  EXPECT_EQ(duration_text({1, 500'000'000}), "1.50s");
  EXPECT_EQ(duration_text({65, 0}), "1m 05s");
}

}  // namespace burin::exec
