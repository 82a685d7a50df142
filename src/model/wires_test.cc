// Which wire a provider gets.
#include "model/wires.h"

#include <gtest/gtest.h>

namespace burin::model {

TEST(Wires, EachHasItsPath) {
  auto path = [](config::WireApi api) {
    config::ProviderDef provider;
    provider.wire_api = api;
    return wire_of(provider).path();
  };
  EXPECT_EQ(path(config::WireApi::responses), "responses");
  EXPECT_EQ(path(config::WireApi::chat), "chat/completions");
  EXPECT_EQ(path(config::WireApi::anthropic), "messages");
  EXPECT_EQ(wire_of({}).path(), "responses");
}

TEST(Wires, ResponsesLeavesHeadersAndErrorsAsTheyAre) {
  const Wire& wire = wire_of({});
  io::Headers headers{{"session_id", "t"}, {"x-codex-turn-state", "s"}, {"authorization", "Bearer k"}};
  auto before = headers;
  wire.adapt(headers, {.bearer = "k", .account_id = {}});
  EXPECT_EQ(headers, before);
  EXPECT_EQ(wire.http_error(400, R"({"error":{"code":"context_length_exceeded"}})"), std::nullopt);
}

}  // namespace burin::model
