// Random threads: items, limits, interrupts, compactions, rollbacks and resumes in any order. What must hold for every
// one of them is checked on the way and at the end (context.md 13).
//
// A thread is played twice: live, as the engine does, and from the lines that a log would hold. A failure prints the
// seed; `BURIN_TEST_SEED=n` plays that one alone, `BURIN_TEST_CASES=n` more or
// fewer.
#include <random>
#include <unordered_set>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "context/compaction.h"
#include "context/fragments.h"
#include "context/rebuild.h"
#include "context/selection.h"

namespace burin::context {

namespace {

constexpr std::uint64_t cases = 100'000;

/// One random thread.
class Play {
 public:
  explicit Play(std::uint64_t seed) : random_(seed) {
    policy_ = {below(2) == 0 ? wire::TruncationMode::bytes : wire::TruncationMode::tokens,
               static_cast<std::int64_t>(1 + below(60))};
    tell_context(true);
  }

  /// What went wrong; empty when all is well.
  std::string run() {
    for (std::size_t step = 0, n = 3 + below(6); step < n && problem_.empty(); ++step) {
      switch (below(8)) {
        case 0:
          compaction();
          check();
          break;
        case 1:
          rollback();
          check();
          break;
        case 2:
          resume();
          break;
        default:
          turn();
      }
    }
    check();
    check_lines();
    return problem_;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  void claim(bool holds, std::string_view what) {
    if (!holds && problem_.empty()) problem_ = what;
  }
  std::string words() {
    static constexpr std::string_view pool[] = {
        "", "a", "héllo wörld", "line\nline\n", "\"quoted\"", "0123456789abcdef"};
    std::string out;
    for (std::size_t n = below(4); n > 0; --n) out += pool[below(std::size(pool))];
    return out;
  }

  template <class Payload>
  void line(Payload payload) {
    lines_.push_back({.timestamp = {}, .payload = wire::RolloutPayload(std::move(payload))});
  }
  template <class Event>
  void event(Event e) {
    line(wire::EventMsg(std::move(e)));
  }
  void record(const wire::ResponseItem& item) {
    live_.record(item, policy_);
    line(item);
  }
  void tell_context(bool full) {
    if (full) record(*text_message("developer", {"<permissions instructions>\n</permissions instructions>"}));
    if (full || below(3) == 0) record(*text_message("user", {"<environment_context>\n</environment_context>"}));
  }
  std::vector<wire::ResponseItem> context() const {
    return {*text_message("developer", {"<permissions instructions>\n</permissions instructions>"}),
            *text_message("user", {"<environment_context>\n</environment_context>"})};
  }
  void turn_context() {
    wire::TurnContext c;
    c.turn_id = turn_id_;
    c.cwd = "/w";
    c.model = below(3) == 0 ? "other" : "model";
    previous_ = c.model;
    line(std::move(c));
    baseline_ = true;
  }

  void turn() {
    turn_id_ = fmt::format("t{}", ++turns_);
    event(wire::event::TaskStarted{.turn_id = turn_id_});
    if (below(12) == 0) compact(CompactionPlace::before);
    tell_context(!baseline_);
    turn_context();
    user_message();
    for (std::size_t n = below(4); n > 0; --n) {
      expect_prefix();
      if (answer()) return;
      if (below(14) == 0) compact(CompactionPlace::inside);
      if (below(8) == 0) user_message();  // steered
    }
    expect_prefix();
    if (below(20) != 0) event(wire::event::TaskComplete{.turn_id = turn_id_});  // else: a crash
  }
  void user_message() {
    wire::Message m;
    m.role = "user";
    m.content.push_back(wire::InputText{fmt::format("u{} {}", ++messages_, words())});
    if (below(6) == 0) m.content.push_back(wire::InputImage{.image_url = "data:image/png;base64,AAAA"});
    last_user_ = wire::dump_item(m);
    record(m);
    event(wire::event::UserMessage{});
  }
  /// Items of one response and the outputs of its calls; true when the turn was interrupted.
  bool answer() {
    if (below(3) == 0) {
      wire::Reasoning r;
      r.encrypted_content = std::string(below(3000), 'e');
      record(r);
    }
    if (below(2) == 0) record(wire::make_message("assistant", words()));
    if (below(30) == 0) record(wire::GhostSnapshot{.ghost_commit = {.id = "g"}});
    std::vector<std::pair<bool, std::string>> calls;
    for (std::size_t n = below(3); n > 0; --n) {
      auto id = fmt::format("c{}", ++calls_);
      bool custom = below(3) == 0;
      if (custom) {
        record(wire::CustomToolCall{.call_id = id, .name = "apply_patch", .input = words()});
      } else {
        record(wire::FunctionCall{.name = below(2) == 0 ? "shell" : "f", .arguments = "{}", .call_id = id});
      }
      calls.emplace_back(custom, id);
    }
    bool interrupted = below(12) == 0;
    for (const auto& [custom, id] : calls) {
      if (interrupted && below(2) == 0) continue;  // the program died before it could say "aborted"
      auto body = output();
      if (custom) {
        record(wire::CustomToolCallOutput{.call_id = id, .output = std::move(body)});
      } else {
        record(wire::FunctionCallOutput{.call_id = id, .output = std::move(body)});
      }
    }
    if (!interrupted) return false;
    record(*text_message("user", {turn_aborted_fragment()}));
    event(wire::event::TurnAborted{.turn_id = turn_id_});
    expect_prefix();
    return true;
  }
  wire::FunctionOutput output() {
    wire::FunctionOutput out;
    if (below(5) == 0) {
      out.body = std::vector<wire::ContentItem>{wire::InputText{std::string(below(300), 'p')},
                                                wire::InputImage{.image_url = "data:image/png;base64,BBBB"},
                                                wire::InputText{words()}};
    } else if (below(4) == 0) {
      out.body = std::string(R"({"output":"x\n","metadata":{"exit_code":0,"duration_seconds":0.1}})");
    } else {
      std::string text;
      for (std::size_t n = below(60); n > 0; --n) text += "zeile ü\n";
      out.body = std::move(text);
    }
    return out;
  }

  enum class CompactionPlace { before, inside };
  void compaction() {
    turn_id_ = fmt::format("t{}", ++turns_);
    event(wire::event::TaskStarted{.turn_id = turn_id_});
    compact(CompactionPlace::before);
    event(wire::event::TaskComplete{.turn_id = turn_id_});
  }
  void compact(CompactionPlace place) {
    bool inside = place == CompactionPlace::inside;
    auto told = inside ? context() : std::vector<wire::ResponseItem>();
    std::vector<wire::ResponseItem> items;
    if (below(3) == 0) {
      items = remote_replacement(live_, {user(last_user_), wire::Compaction{.encrypted_content = "E"}}, told);
    } else {
      CompactionRoom room{.items = static_cast<std::int64_t>(below(2) == 0 ? 100'000 : 100 + below(1500))};
      auto replacement = local_replacement(live_, words() + "summary", told, room);
      if (!replacement) return;
      items = std::move(replacement->items);
      claim(estimated_tokens(items) <= room.items, "the result does not fit its room");
      claim(is_summary(replacement->summary), "the summary is not recognised");
      auto last = last_real_message();
      claim(!last || std::ranges::any_of(items, [&](const auto& i) { return wire::dump_item(i) == *last; }),
            "the last user message was changed");
    }
    auto snapshots = [](const auto& list) {
      return std::ranges::count_if(list, [](const auto& i) { return std::holds_alternative<wire::GhostSnapshot>(i); });
    };
    claim(snapshots(items) ==
              std::ranges::count_if(live_.items(), [](const auto& i) { return i.kind == ItemKind::ghost_snapshot; }),
          "a snapshot was lost");
    live_.replace(items);
    line(wire::Compacted{.message = "m", .replacement_history = items});
    baseline_ = inside;
    if (inside) turn_context();
    sent_.clear();
  }
  static wire::ResponseItem user(const std::string& json) {
    return json.empty() ? wire::ResponseItem(wire::make_message("user", "x")) : *wire::read_item(*parse_json(json));
  }
  std::optional<std::string> last_real_message() const {
    for (auto it = live_.items().rbegin(); it != live_.items().rend(); ++it) {
      if (!it->real_user()) continue;
      auto item = item_of(*it);
      if (!is_summary(wire::text_of(std::get<wire::Message>(item).content))) return it->json;
    }
    return std::nullopt;
  }

  void rollback() {
    auto turns = static_cast<std::uint32_t>(1 + below(4));
    live_.drop_last_user_turns(turns);
    event(wire::event::ThreadRolledBack{.num_turns = turns});
    baseline_ = false;
    sent_.clear();
  }
  /// From here on the thread is what its lines say.
  void resume() {
    check_lines();
    auto rebuilt = rebuild(lines_, policy_);
    live_ = std::move(rebuilt.history);
    baseline_ = rebuilt.baseline.has_value();
  }

  void check() {
    check_pairs();
    // The sums once more, as context.md 3.4 words them.
    std::int64_t total = 0, tail = 0, earlier = 0;
    std::size_t last_made = 0, last_user = 0, index = 0;
    for (const auto& item : live_.items()) {
      ++index;
      total += item.counts.tokens;
      if (item.counts.generated) last_made = index;
      if (item.counts.user) last_user = index;
    }
    index = 0;
    for (const auto& item : live_.items()) {
      ++index;
      if (last_made > 0 && index > last_made) tail += item.counts.tokens;
      if (index < last_user && item.kind == ItemKind::reasoning && contains(item.json, R"("encrypted_content":")")) {
        earlier += item.counts.tokens;
      }
    }
    const auto& sums = live_.tally();
    claim(sums.total() == total && sums.after_last_generated() == tail && sums.reasoning_of_earlier_turns() == earlier,
          "the running sums are wrong");
  }
  void check_lines() {
    auto rebuilt = rebuild(lines_, policy_);
    claim(rebuilt.history.view({.freeform_patch = true}).input == live_.view({.freeform_patch = true}).input,
          "the lines give another history than the live one");
    claim(rebuilt.history.tally().total() == live_.tally().total(), "the lines give another estimate");
  }
  /// Every call has one output and every output one call.
  void check_pairs() {
    auto view = live_.view({.images = below(2) == 0});
    std::unordered_set<std::string_view> open, closed;
    for (std::size_t i = 0; i < view.input.size(); ++i) {
      auto text = view.input[i];
      claim(!contains(text.substr(0, 24), "ghost_snapshot"), "a snapshot would be sent");
      claim(view.digests[i] == hash64(text), "a digest is not that of the bytes");
      auto at = text.find(R"("call_id":")");
      if (at == std::string_view::npos) continue;
      auto id = text.substr(at + 11, text.find('"', at + 11) - at - 11);
      bool output = contains(text.substr(0, 40), "_output\"");
      claim((output ? closed : open).insert(id).second, "a call or an output is there twice");
    }
    claim(open == closed, "a call without output, or the reverse");
  }
  /// Between compactions and rollbacks each request starts with the whole of the one before.
  void expect_prefix() {
    auto now = live_.view({}).digests;
    claim(now.size() >= sent_.size() && std::equal(sent_.begin(), sent_.end(), now.begin()), "the prefix has changed");
    sent_ = std::move(now);
  }

  std::mt19937_64 random_;
  wire::TruncationPolicy policy_;
  History live_;
  std::vector<wire::RolloutLine> lines_;
  std::vector<std::uint64_t> sent_;
  std::string turn_id_, previous_, last_user_, problem_;
  std::size_t turns_ = 0, calls_ = 0, messages_ = 0;
  bool baseline_ = true;
};

}  // namespace

TEST(Properties, RandomThreads) {
  std::uint64_t first = 1, last = cases;
  if (const char* n = std::getenv("BURIN_TEST_CASES")) last = parse_uint(n).value_or(last);
  if (const char* one = std::getenv("BURIN_TEST_SEED")) first = last = parse_uint(one).value_or(1);
  for (auto seed = first; seed <= last; ++seed) {
    auto problem = Play(seed).run();
    ASSERT_EQ(problem, "") << "seed " << seed;
  }
  std::printf("%llu random threads, seeds %llu to %llu\n", static_cast<unsigned long long>(last - first + 1),
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(last));
}

}  // namespace burin::context
