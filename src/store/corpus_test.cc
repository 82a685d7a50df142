// Files of other versions and other programs: what becomes of each (session.md 4.6, 5.4).
#include "base/text.h"
#include "store/fsck.h"
#include "testing/log_disk.h"

namespace burin::store {

namespace corpus {

constexpr std::string_view id = "0197a000-1111-7000-8000-000000000001";

std::string line(std::string_view type, std::string_view payload) {
  return fmt::format(R"({{"timestamp":"2026-03-05T09:15:10.000Z","type":"{}","payload":{}}})", type, payload) + "\n";
}
std::string event(std::string_view payload) { return line("event_msg", payload); }
std::string item(std::string_view payload) { return line("response_item", payload); }

const std::string meta = line("session_meta", fmt::format(R"({{"id":"{}","timestamp":"2026-03-05T09:15:10.000Z",)"
                                                          R"("cwd":"/w","originator":"o","cli_version":"0.110.0"}})",
                                                          id));
const std::string said = item(R"({"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]})");
const std::string event_said = event(R"({"type":"user_message","message":"hi"})");

std::string text_of(std::size_t size) {
  return item(fmt::format(R"({{"type":"message","role":"user","content":[{{"type":"input_text","text":"{}"}}]}})",
                          std::string(size, 'x')));
}

struct File {
  std::string_view name;
  std::string bytes;
  /// Records read and lines skipped, or the words of the error; then what a check finds.
  std::string_view outcome;
  std::string_view findings = "";
};

const std::vector<File> files = {
    // Older layouts and shapes.
    {"no lifecycle events", meta + said, "2 read"},
    {"turn_started and turn_complete",
     meta + event(R"({"type":"turn_started","turn_id":"t","model_context_window":1})") +
         event(R"({"type":"turn_complete","turn_id":"t","last_agent_message":null})"),
     "3 read"},
    {"turn_aborted without id", meta + event(R"({"type":"turn_aborted","reason":"interrupted"})"), "2 read"},
    {"user_message without its lists", meta + event_said, "2 read"},
    {"a custom tool output as plain string",
     meta + item(R"({"type":"custom_tool_call","call_id":"c","name":"n","input":"i"})") +
         item(R"({"type":"custom_tool_call_output","call_id":"c","output":"text"})"),
     "3 read"},
    {"an image in a message of its own",
     meta + item(R"({"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:x"}]})"),
     "2 read"},
    {"a system message", meta + item(R"({"type":"message","role":"system","content":[]})"), "2 read"},
    {"a meta line with the old instructions",
     line(
         "session_meta",
         fmt::format(
             R"({{"id":"{}","timestamp":"t","cwd":"/w","originator":"o","cli_version":"0","instructions":"x"}})", id)) +
         said,
     "2 read"},
    {"a turn_context with another sandbox policy",
     meta +
         line(
             "turn_context",
             R"({"cwd":"/w","approval_policy":"never","sandbox_policy":{"mode":"read-only"},"model":"m","summary":"auto"})") +
         said,
     "2 read, 1 skipped", "unreadable"},
    {"no envelopes (mid-2025)",
     fmt::format(R"({{"id":"{}","timestamp":"2025-06-01T00:00:00.000Z","instructions":null}})", id) + "\n" +
         R"({"record_type":"state"})" + "\n" +
         R"({"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]})" + "\n",
     "3 read", "unknown_kinds"},
    {"compaction_summary", meta + item(R"({"type":"compaction_summary","encrypted_content":"e"})"), "2 read"},
    {"compacted without replacement", meta + said + line("compacted", R"({"message":"m"})"), "3 read"},
    {"a call without output", meta + item(R"({"type":"function_call","name":"n","arguments":"{}","call_id":"c"})"),
     "2 read", "calls_without_output"},
    {"an output without call", meta + item(R"({"type":"function_call_output","call_id":"c","output":"o"})"), "2 read",
     "outputs_without_call"},
    {"an open turn",
     meta +
         event(
             R"({"type":"task_started","turn_id":"t","model_context_window":null,"collaboration_mode_kind":"default"})"),
     "2 read", "open_turn"},
    // Newer ones.
    {"an unknown kind of line", meta + line("hologram", R"({"x":1})") + said, "3 read", "unknown_kinds"},
    {"an unknown event", meta + event(R"({"type":"hologram","x":1})"), "2 read"},
    {"an unknown item", meta + item(R"({"type":"hologram","x":1})"), "2 read"},
    {"nothing but unknown kinds", line("hologram", "{}") + line("hologram", "[]"),
     "error: holds no record that this version knows", "no_session"},
    // Text that was changed on the way.
    {"CRLF", replace_all(meta + said, "\n", "\r\n"), "2 read"},
    {"a byte order mark", "\xEF\xBB\xBF" + meta + said, "2 read"},
    {"blank lines", "\n\n" + meta + "  \n\n" + said + "\n", "2 read"},
    {"invalid UTF-8 in a text", meta + replace_all(said, "hi", "caf\xE9"), "2 read"},
    {"UTF-16", std::string("\xFF\xFE{\0\"\0}\0\n\0", 10), "0 read, 2 skipped", "torn_tail no_meta"},
    {"no newline at the end", meta + said.substr(0, said.size() - 1), "2 read", "no_newline"},
    {"a torn tail", meta + said.substr(0, 70), "1 read, 1 skipped", "torn_tail"},
    {"a torn record glued to the next", meta + said.substr(0, 70) + event_said, "2 read, 1 skipped", "unreadable"},
    {"two records without the newline between", meta + said.substr(0, said.size() - 1) + event_said, "3 read"},
    {"three of them and a torn one",
     meta.substr(0, meta.size() - 1) + said.substr(0, said.size() - 1) + event_said.substr(0, event_said.size() - 1) +
         said.substr(0, 70) + "\n",
     "3 read, 1 skipped", "unreadable"},
    {"a line of 9 MB", meta + text_of(9 << 20) + said, "3 read"},
    {"a torn line of 9 MB", meta + text_of(9 << 20).substr(0, 8 << 20) + "\n" + said, "2 read, 1 skipped",
     "unreadable"},
    // Metas.
    {"only meta", meta, "1 read"},
    {"no meta", said + event_said, "2 read", "no_meta"},
    {"the meta line last", said + meta, "2 read"},
    {"two metas (a fork)", meta + replace_all(meta, "0001", "0002") + said, "3 read"},
    {"a damaged meta", meta.substr(20) + said, "1 read, 1 skipped", "unreadable no_meta"},
    // Other files under the name of a session.
    {"empty", "", "error: is empty", "no_session"},
    {"blank", " \n\n", "error: is empty", "no_session"},
    {"zstd", std::string("\x28\xB5\x2F\xFD\x24\x00\x01\x00", 8), "error: is compressed with zstd", "no_session"},
    {"gzip", std::string("\x1F\x8B\x08\x00\x00", 5), "error: is compressed with gzip", "no_session"},
    {"sqlite", std::string("SQLite format 3\0\x10\x00\n", 19), "error: is a database", "no_session"},
    {"zeros", std::string(8192, '\0'), "0 read, 1 skipped", "torn_tail no_meta"},
    {"plain text", "hello\nworld\n", "0 read, 2 skipped", "unreadable no_meta"},
    {"one JSON document", "{\n  \"a\": [1]\n}\n", "0 read, 3 skipped", "unreadable no_meta"},
};

}  // namespace corpus

struct CorpusTest : ::testing::Test, testing::FakeWorld {
  const std::string path = fmt::format("/h/sessions/2026/03/05/rollout-2026-03-05T10-15-10-{}.jsonl", corpus::id);

  std::string outcome() {
    auto loaded = load_rollout(memory, path);
    if (!loaded) return "error: " + loaded.error().text();
    EXPECT_EQ(loaded->thread_id, corpus::id);
    auto out = fmt::format("{} read", loaded->lines.size());
    return loaded->skipped() == 0 ? out : fmt::format("{}, {} skipped", out, loaded->skipped());
  }
  std::string findings() {
    auto report = check_rollout(memory, path);
    std::vector<std::string> kinds;
    for (const auto& finding : report->findings) kinds.push_back(finding.kind);
    return join(kinds, " ");
  }
};

TEST_F(CorpusTest, EachFileHasItsOutcome) {
  for (const auto& file : corpus::files) {
    SCOPED_TRACE(file.name);
    memory.put(path, file.bytes);
    auto got = outcome();
    if (file.outcome.starts_with("error: ")) {
      EXPECT_TRUE(got.starts_with("error: ") && contains(got, file.outcome.substr(7)) && contains(got, path)) << got;
    } else {
      EXPECT_EQ(got, file.outcome);
    }
    EXPECT_EQ(findings(), file.findings);
    EXPECT_EQ(*memory.read(path), file.bytes) << "reading changes nothing";
  }
  testing::covered("L7", fmt::format("{} kinds of files", corpus::files.size()));
}

/// Opening for writing takes a lock and nothing else: what is no session stays as it is.
TEST_F(CorpusTest, OpeningChangesNothing) {
  for (const auto& file : corpus::files) {
    memory.put(path, file.bytes);
    ASSERT_TRUE(RolloutLog::open(world, path, [](auto) {}));
    EXPECT_EQ(*memory.read(path), file.bytes) << file.name;
  }
}

}  // namespace burin::store
