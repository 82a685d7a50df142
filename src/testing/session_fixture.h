// Session files for tests of the store: a home in memory, sessions with a number each.
#pragma once
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "testing/fake_world.h"

namespace burin::testing {

struct SessionFixture : FakeWorld {
  static std::string id(int n) { return fmt::format("0197a000-1111-7000-8000-{:012}", n); }

  struct Spec {
    std::string cwd = "/w", source = "\"cli\"", provider = "\"p\"", message = "hi";
    bool used = true, archived = false;
    std::string time = "2026-03-02T10-15-10";
    std::string more{};  // members of the meta, with a comma before each
  };

  static std::string meta_line(int n, const Spec& s) {
    return fmt::format(R"({{"timestamp":"t","type":"session_meta","payload":{{"id":"{}",)"
                       R"("timestamp":"2026-03-02T09:15:10.000Z","cwd":"{}","originator":"o","cli_version":"1",)"
                       R"("source":{},"model_provider":{}{}}}}})"
                       "\n",
                       id(n), s.cwd, s.source, s.provider, s.more);
  }
  static std::string user_line(std::string_view message, std::string_view more = "") {
    return fmt::format(R"({{"timestamp":"t","type":"event_msg","payload":{{"type":"user_message","message":"{}"{}}}}})"
                       "\n",
                       message, more);
  }
  static std::string file_name(int n, const Spec& s) { return fmt::format("rollout-{}-{}.jsonl", s.time, id(n)); }
  static std::string path_of(int n, const Spec& s) {
    if (s.archived) return "/home/archived_sessions/" + file_name(n, s);
    return fmt::format("/home/sessions/{}/{}/{}/{}", s.time.substr(0, 4), s.time.substr(5, 2), s.time.substr(8, 2),
                       file_name(n, s));
  }
  /// Adds a session that was changed at second `n`.
  std::string add(int n, const Spec& s, std::string content) {
    auto file = path_of(n, s);
    memory.put(file, content);
    memory.set_mtime(file, n * 1'000'000'000LL);
    return file;
  }
  std::string add(int n, const Spec& s) {
    return add(n, s, meta_line(n, s) + (s.used ? user_line(s.message) : std::string()));
  }
  std::string add(int n) { return add(n, Spec{}); }
};

}  // namespace burin::testing
