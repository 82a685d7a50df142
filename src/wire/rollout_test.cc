#include "wire/rollout.h"

#include "base/text.h"
#include "wire/rollout_samples.h"

namespace burin::wire {

namespace rollout_test {

std::string again(std::string_view line) {
  const auto read = read_rollout_line(line);
  if (!read) return "error: " + read.error().text();
  std::string out;
  write_rollout_line(out, *read);
  return out;
}

struct Sample {
  std::string_view name, text;
};
constexpr Sample kSamples[] = {{"tool_turn", samples::tool_turn},
                               {"aborted_turn", samples::aborted_turn},
                               {"compacted_thread", samples::compacted_thread},
                               {"rolled_back_thread", samples::rolled_back_thread},
                               {"review", samples::review},
                               {"fork", samples::fork}};

template <class T>
T payload(std::string_view line) {
  auto read = read_rollout_line(line);
  EXPECT_TRUE(read) << read.error().text();
  if (!read) return {};
  EXPECT_TRUE(std::holds_alternative<T>(read->payload)) << read->payload.index();
  return std::holds_alternative<T>(read->payload) ? std::get<T>(read->payload) : T{};
}

}  // namespace rollout_test
using namespace rollout_test;

TEST(Rollout, SampleFilesRoundTripByteForByte) {
  std::size_t count = 0;
  for (const auto& [name, text] : kSamples) {
    for (const auto line : lines(text)) {
      EXPECT_EQ(again(line), std::string(line) + "\n") << name;
      ++count;
    }
  }
  EXPECT_EQ(count, 148u);
}

TEST(Rollout, NothingInTheSamplesIsUnknown) {
  for (const auto& [name, text] : kSamples) {
    for (const auto line : lines(text)) {
      const auto read = read_rollout_line(line).value();
      EXPECT_FALSE(std::holds_alternative<UnknownLine>(read.payload)) << line;
      if (const auto* item = std::get_if<ResponseItem>(&read.payload)) {
        EXPECT_FALSE(std::holds_alternative<Unknown>(*item)) << line;
      }
      if (const auto* event = std::get_if<EventMsg>(&read.payload)) {
        EXPECT_FALSE(std::holds_alternative<Unknown>(*event)) << line;
        EXPECT_TRUE(persisted(*event, false)) << line;
      }
    }
  }
}

TEST(Rollout, EveryWriterAgreesWithTheLine) {
  for (const auto line : lines(samples::compacted_thread)) {
    const auto read = read_rollout_line(line).value();
    std::string out, raw;
    std::visit(
        [&]<class T>(const T& p) {
          if constexpr (!std::is_same_v<T, UnknownLine>) write_rollout_line(out, read.timestamp, p);
        },
        read.payload);
    EXPECT_EQ(out, std::string(line) + "\n");
    const auto v = parse_json(line).value();
    write_rollout_line(raw, *find_string(v, "timestamp"), *find_string(v, "type"), dump(*find(v, "payload")));
    EXPECT_EQ(raw, out);
  }
}

TEST(Rollout, SessionMetaOfEveryAge) {
  const auto old = payload<SessionMeta>(
      R"({"timestamp":"t","type":"session_meta","payload":{"id":"i","timestamp":"s","cwd":"/w","originator":"o",)"
      R"("cli_version":"0.30.0","instructions":"be nice"}})");
  EXPECT_EQ(tag_of(old.source), "vscode");
  EXPECT_FALSE(old.model_provider || old.base_instructions || old.git);
  std::string out;
  write_rollout_line(out, "t", old);
  EXPECT_EQ(out,
            R"({"timestamp":"t","type":"session_meta","payload":{"id":"i","timestamp":"s","cwd":"/w","originator":"o",)"
            R"("cli_version":"0.30.0","source":"vscode","model_provider":null,"base_instructions":null,)"
            R"("instructions":"be nice"}})"
            "\n");
  const std::string_view full =
      R"({"timestamp":"t","type":"session_meta","payload":{"id":"i","forked_from_id":"f","timestamp":"s","cwd":"/w",)"
      R"("originator":"o","cli_version":"0","source":{"subagent":{"thread_spawn":{"parent_thread_id":"p","depth":1,)"
      R"("agent_nickname":null,"agent_role":"explorer"}}},"agent_nickname":"n","agent_role":"explorer",)"
      R"("model_provider":"openai","base_instructions":{"text":"B"},"dynamic_tools":[{"name":"d","description":"D",)"
      R"("inputSchema":{"type":"object"}}],"memory_mode":"disabled","git":{"branch":"main"}}})";
  EXPECT_EQ(again(full), std::string(full) + "\n");
}

TEST(Rollout, SessionSources) {
  const auto source = [](std::string_view text) {
    const auto read = read_mapped<SessionSource>(parse_json(text).value());
    return read ? dump_mapped(*read) : "error: " + read.error().what;
  };
  for (const std::string_view text :
       {R"("cli")", R"("vscode")", R"("exec")", R"("mcp")", R"("unknown")", R"({"subagent":"review"})",
        R"({"subagent":"compact"})", R"({"subagent":"memory_consolidation"})", R"({"subagent":{"other":"x"}})"}) {
    EXPECT_EQ(source(text), text);
  }
  EXPECT_EQ(source(R"("browser")"), R"("unknown")");
  EXPECT_EQ(
      source(R"({"subagent":{"thread_spawn":{"parent_thread_id":"p","depth":2,"agent_type":"r"}}})"),
      R"({"subagent":{"thread_spawn":{"parent_thread_id":"p","depth":2,"agent_nickname":null,"agent_role":"r"}}})");
  EXPECT_EQ(tag_of(SessionSource()), "vscode");
}

TEST(Rollout, TurnContextRequiresFiveMembers) {
  const auto line = [](std::string_view payload) {
    return again(fmt::format(R"({{"timestamp":"t","type":"turn_context","payload":{}}})", payload));
  };
  const std::string_view least =
      R"({"cwd":"/w","approval_policy":"never","sandbox_policy":{"type":"read-only"},"model":"m","summary":"auto"})";
  EXPECT_EQ(line(least), fmt::format("{{\"timestamp\":\"t\",\"type\":\"turn_context\",\"payload\":{}}}\n", least));
  auto all = parse_json(least).value().as_object();
  for (const auto& member : json::object(all)) {
    auto less = all;
    less.erase(member.key());
    EXPECT_EQ(line(dump(less)), fmt::format("error: turn_context: missing field `{}`", std::string_view(member.key())));
  }
  const std::string_view most =
      R"({"turn_id":"i","cwd":"/w","current_date":"2026-03-05","timezone":"Etc/UTC","approval_policy":"on-request",)"
      R"("sandbox_policy":{"type":"danger-full-access"},"network":{"allowed_domains":["a"],"denied_domains":[]},)"
      R"("model":"m","personality":"friendly","collaboration_mode":{"mode":"plan","settings":{"model":"m",)"
      R"("reasoning_effort":"high","developer_instructions":"d"}},"realtime_active":true,"effort":"xhigh",)"
      R"("summary":"none","user_instructions":"u","developer_instructions":"d","final_output_json_schema":{"type":1},)"
      R"("truncation_policy":{"mode":"bytes","limit":10000},"of_the_future":[1]})";
  EXPECT_EQ(line(most), fmt::format("{{\"timestamp\":\"t\",\"type\":\"turn_context\",\"payload\":{}}}\n", most));
}

// session.md 5.4
TEST(Rollout, OldSandboxPolicyFormIsRefused) {
  EXPECT_EQ(again(R"({"timestamp":"t","type":"turn_context","payload":{"cwd":"/w","approval_policy":"never",)"
                  R"("sandbox_policy":{"mode":"read-only"},"model":"m","summary":"auto"}})"),
            "error: turn_context: sandbox_policy: missing field `type`");
}

TEST(Rollout, LegacyEventShapes) {
  const auto event = [](std::string_view payload) {
    return again(fmt::format(R"({{"timestamp":"t","type":"event_msg","payload":{}}})", payload));
  };
  const auto written = [](std::string_view payload) {
    return fmt::format("{{\"timestamp\":\"t\",\"type\":\"event_msg\",\"payload\":{}}}\n", payload);
  };
  EXPECT_EQ(event(R"({"type":"turn_started","turn_id":"i"})"),
            written(R"({"type":"task_started","turn_id":"i","model_context_window":null,)"
                    R"("collaboration_mode_kind":"default"})"));
  EXPECT_EQ(event(R"({"type":"turn_complete","turn_id":"i"})"),
            written(R"({"type":"task_complete","turn_id":"i","last_agent_message":null})"));
  EXPECT_EQ(event(R"({"type":"turn_aborted","reason":"interrupted"})"),
            written(R"({"type":"turn_aborted","turn_id":null,"reason":"interrupted"})"));
  const auto user =
      written(R"({"type":"user_message","message":"m","images":[],"local_images":[],"text_elements":[]})");
  EXPECT_EQ(event(R"({"type":"user_message","message":"m"})"), user);
  EXPECT_EQ(event(R"({"type":"user_message","message":"m","images":null})"), user);
  EXPECT_EQ(event(R"({"type":"task_started","turn_id":"i","collaboration_mode_kind":"pair_programming"})"),
            written(R"({"type":"task_started","turn_id":"i","model_context_window":null,)"
                    R"("collaboration_mode_kind":"default"})"));
}

TEST(Rollout, LegacyItemShapes) {
  const auto item = [](std::string_view payload) {
    const auto line = fmt::format("{{\"timestamp\":\"t\",\"type\":\"response_item\",\"payload\":{}}}", payload);
    EXPECT_EQ(again(line), line + "\n");
  };
  item(R"({"type":"custom_tool_call_output","call_id":"c","output":"plain"})");
  item(
      R"({"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AA=="}]})");
}

TEST(Rollout, LegacyCompactionHasNoReplacement) {
  const auto old = payload<Compacted>(R"({"timestamp":"t","type":"compacted","payload":{"message":"m"}})");
  EXPECT_EQ(old.message, "m");
  EXPECT_FALSE(old.replacement_history);
}

TEST(Rollout, BareLinesOfMid2025) {
  const auto meta = payload<SessionMeta>(
      R"({"id":"i","timestamp":"2025-06-01T00:00:00.000Z","instructions":null,"git":{"branch":"main"}})");
  EXPECT_EQ(meta.id, "i");
  EXPECT_EQ(meta.timestamp, "2025-06-01T00:00:00.000Z");
  EXPECT_EQ(meta.git->branch, "main");
  EXPECT_TRUE(meta.extra.contains("instructions"));
  const auto item = payload<ResponseItem>(
      R"({"type":"message","id":null,"role":"user","content":[{"type":"input_text","text":"hi"}]})");
  EXPECT_EQ(role_of(item), "user");
  payload<UnknownLine>(R"({"record_type":"state"})");
}

TEST(Rollout, UnknownDataSurvives) {
  for (const std::string_view line :
       {R"({"timestamp":"t","type":"hologram","payload":{"x":[1.5,null]},"more":1})",
        R"({"timestamp":"t","type":"event_msg","payload":{"type":"new_event","z":1,"a":{"b":2}}})",
        R"({"timestamp":"t","type":"response_item","payload":{"type":"video_call","id":"v","frames":[]}})"}) {
    EXPECT_EQ(again(line), std::string(line) + "\n");
  }
}

TEST(Rollout, BadLinesAreErrors) {
  EXPECT_EQ(again("").substr(0, 6), "error:");
  EXPECT_EQ(again("{\"timestamp\":\"t\",\"type\":\"event").substr(0, 6), "error:");
  EXPECT_EQ(again("[1]"), "error: not a JSON object");
  EXPECT_EQ(again(R"({"timestamp":"t","type":"event_msg","payload":{"type":"warning"}})"),
            "error: event_msg: missing field `message`");
  EXPECT_EQ(again(R"({"timestamp":"t","type":"compacted","payload":{"message":"","replacement_history":[{"type":)"
                  R"("message","role":"user"}]}})"),
            "error: compacted: replacement_history[0]: missing field `content`");
}

}  // namespace burin::wire
