#include "io/proxy.h"

#include <gtest/gtest.h>

namespace burin::io {

TEST(Endpoint, PartsOfUrls) {
  auto e = parse_endpoint("HTTPS://User:pa%40ss@API.example.com:8443/v1?x=@#f");
  ASSERT_TRUE(e);
  EXPECT_EQ(e->scheme, "https");
  EXPECT_EQ(e->host, "api.example.com");
  EXPECT_EQ(e->port, 8443);
  EXPECT_EQ(e->shown, "HTTPS://API.example.com:8443/v1?x=@#f");
  EXPECT_EQ(parse_endpoint("http://h")->port, 80);
  EXPECT_EQ(parse_endpoint("https://h/")->port, 443);
  EXPECT_EQ(parse_endpoint("ws://h?q")->port, 80);
  EXPECT_EQ(parse_endpoint("wss://h:/")->port, 443);
  EXPECT_EQ(parse_endpoint("http://[::1]:81/")->host, "::1");
  EXPECT_EQ(parse_endpoint("http://[::1]:81/")->port, 81);
  for (auto bad : {"", "h/x", "ftp://h/", "http://", "http:///x", "http://h:x/", "http://h:70000/", "http://h:0/",
                   "http://[::1/", "http://[::1]x/"}) {
    auto r = parse_endpoint(bad);
    ASSERT_FALSE(r) << bad;
    EXPECT_EQ(r.error().kind, Kind::invalid);
  }
}

TEST(Proxy, NoProxyEntries) {
  struct Case {
    std::string_view list, host;
    bool bypass;
  };
  const Case cases[] = {
      {"example.com", "example.com", true},
      {"example.com", "API.Example.com", true},
      {"example.com", "notexample.com", false},
      {"example.com", "example.com.evil", false},
      {".example.com", "example.com", true},
      {".example.com", "a.b.example.com", true},
      {"a.com, b.com ,c.com", "b.com", true},
      {"*", "anything", true},
      {"*", "10.0.0.1", true},
      {"", "h", false},
      {",,", "h", false},
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "127.0.0.10", false},
      {"10.0.0.0/8", "10.200.3.4", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"192.168.4.0/22", "192.168.7.255", true},
      {"192.168.4.0/22", "192.168.8.0", false},
      {"10.0.0.0/33", "10.0.0.0", false},
      {"10.0.0.0/x", "10.0.0.0", false},
      {"::1", "::1", true},
      {"fe80::/10", "fe80::1:2", true},
      {"0.0.0.1", "1", false},
      {"0.1", "127.0.0.1", false},
  };
  for (const Case& c : cases) EXPECT_EQ(bypasses_proxy(c.list, c.host), c.bypass) << c.list << " " << c.host;
}

TEST(Proxy, ChoiceFollowsSchemeAndCase) {
  auto choose = [](std::map<std::string, std::string> vars, std::string_view url = "http://h/") {
    return proxy_for(*parse_endpoint(url), Environment(std::move(vars))).value_or("direct");
  };
  EXPECT_EQ(choose({}), "direct");
  EXPECT_EQ(choose({{"HTTP_PROXY", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(choose({{"http_proxy", "p:1"}}), "http://p:1");
  EXPECT_EQ(choose({{"HTTP_PROXY", "http://u:1"}, {"http_proxy", "http://l:1"}}), "http://u:1");
  EXPECT_EQ(choose({{"HTTP_PROXY", ""}, {"http_proxy", "http://l:1"}}), "direct");
  EXPECT_EQ(choose({{"HTTPS_PROXY", "http://s:1"}}), "direct");
  EXPECT_EQ(choose({{"HTTPS_PROXY", "http://s:1"}}, "https://h/"), "http://s:1");
  EXPECT_EQ(choose({{"https_proxy", "http://s:1"}}, "wss://h/"), "http://s:1");
  EXPECT_EQ(choose({{"HTTP_PROXY", "http://p:1"}}, "ws://h/"), "http://p:1");
  EXPECT_EQ(choose({{"ALL_PROXY", "socks5://a:1"}}, "https://h/"), "socks5://a:1");
  EXPECT_EQ(choose({{"all_proxy", "a:1"}, {"HTTP_PROXY", "p:1"}}), "http://p:1");
  EXPECT_EQ(choose({{"HTTP_PROXY", "p:1"}, {"NO_PROXY", "x,h"}}), "direct");
  EXPECT_EQ(choose({{"HTTP_PROXY", "p:1"}, {"no_proxy", "h"}}), "direct");
  EXPECT_EQ(choose({{"HTTP_PROXY", "p:1"}, {"CODEX_SANDBOX", "seatbelt"}}), "direct");
  EXPECT_EQ(choose({{"HTTP_PROXY", "p:1"}, {"CODEX_SANDBOX", "landlock"}}), "http://p:1");
}

}  // namespace burin::io
