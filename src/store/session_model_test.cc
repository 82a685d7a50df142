// Random lives of a home with several sessions against a plain model of what must be there: records, names, places.
//
// A life is one program: it appends, syncs, forks, names, archives, restores, and is killed at some file call, or loses
// its power. The next one must find every session in one place, with every record that was acknowledged.
#include <random>

#include "store/archive.h"
#include "store/session_names.h"
#include "testing/log_disk.h"

namespace burin::store {

using testing::covered;

namespace {

/// What is known of one session. After a crash a fact may be the old one or the one that was in flight.
struct Known {
  std::string id, file_name;
  std::vector<int> records;
  std::size_t written = 0;  // how many of them survive a kill
  std::size_t synced = 0;   // and a power cut
  bool in_file = false, archived = false;
  bool moving = false;  // a move was not acknowledged
  std::string name;
  std::vector<std::string> namings;  // that were not acknowledged
};

struct Home {
  Home(testing::LogFixture& fixture, std::uint64_t seed)
      : t(fixture), d(fixture, std::string(testing::LogFixture::id)), random(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random() % n); }
  bool dead() const { return d.files.stopped(); }
  /// Nothing fails but what the dead do.
  void failed(const Error& error) { EXPECT_TRUE(dead()) << error.text(); }
  std::string path_of(const Known& k, bool archived) const {
    return archived ? path::join(archive_folder(home), k.file_name)
                    : path::join(day_folder(home, k.file_name), k.file_name);
  }
  std::string path_of(const Known& k) const { return path_of(k, k.archived); }
  SessionFile file_of(const Known& k) { return *session_file_at(path_of(k), k.archived); }

  void live() {
    d.files.heal();
    if (below(5) > 0) d.files.stop_at(d.files.calls() + 1 + below(70), below(3) == 0 ? below(500) : 0);
    for (std::size_t n = 1 + below(8); n > 0 && !dead(); --n) {
      if (sessions.size() < 4 && (sessions.empty() || below(4) == 0)) {
        start();
      } else {
        act(sessions[below(sessions.size())]);
      }
    }
  }
  void act(Known& k) {
    if (!k.in_file) return;
    switch (below(5)) {
      case 0:
        return move(k);
      case 1:
        return rename(k);
      case 2:
        return sessions.size() < 4 ? fork(k) : go_on(k);
      default:
        return go_on(k);
    }
  }

  void start() {
    sessions.push_back(fresh());
    auto& k = sessions.back();
    auto log = RolloutLog::create(d.world, path_of(k), [](auto) {});
    log->materialise();
    write(k, *log, 0);
    more(k, *log);
  }
  Known fresh() {
    Known k;
    k.id = fmt::format("0197a000-1111-7000-8000-{:012}", ++started);
    k.file_name = fmt::format("rollout-2026-03-{:02}T10-15-10-{}.jsonl", 1 + started % 28, k.id);
    return k;
  }
  void go_on(Known& k) {
    if (k.archived) return;
    auto log = RolloutLog::open(d.world, path_of(k), [](auto) {});
    if (!log) return failed(log.error());
    more(k, **log);
  }
  /// A new session that begins with the records of another.
  void fork(Known& source) {
    auto loaded = load_rollout(d.world.files, path_of(source));
    if (!loaded) return failed(loaded.error());
    if (loaded->lines.empty()) return;
    auto copied = source.records;
    sessions.push_back(fresh());
    auto& k = sessions.back();
    auto log = RolloutLog::create(d.world, path_of(k), [](auto) {});
    for (auto& line : loaded->lines) log->append_copy(std::move(line));
    log->materialise();
    k.records = copied;
    if (!dead()) note_written(k);
    more(k, *log);
  }
  void more(Known& k, RolloutLog& log) {
    for (std::size_t n = below(6); n > 0 && !dead(); --n) write(k, log, ++last_record);
    if (below(2) > 0 || dead()) return;
    t.sync(log);
    if (dead()) return;
    k.synced = k.records.size();
    k.moving = false;
  }
  void write(Known& k, RolloutLog& log, int n) {
    t.append(log, n);
    k.records.push_back(n);
    if (!dead()) note_written(k);
  }
  void note_written(Known& k) {
    k.written = k.records.size();
    k.in_file = true;
  }
  void move(Known& k) {
    k.moving = true;
    auto moved = k.archived ? unarchive_session(d.world.files, home, file_of(k))
                            : archive_session(d.world.files, home, file_of(k));
    if (!moved) return failed(moved.error());
    k.archived = !k.archived;
    k.moving = false;
    EXPECT_EQ(*moved, path_of(k));
  }
  void rename(Known& k) {
    auto name = fmt::format("name {}", ++names);
    k.namings.push_back(name);
    auto done = io::run_task(t.loop, set_name(d.world, home, k.id, name));
    if (!done) return failed(done.error());
    k.name = name;
    k.namings.clear();
  }

  void die() {
    d.files.heal();
    power = below(2) == 0;
    if (power) d.disk.cut(random());
    cuts += power ? 1 : 0;
    for (auto& k : sessions) {
      SCOPED_TRACE(fmt::format("session {}", k.id));
      check_place(k);
      check_name(k);
      check_records(k);
    }
    std::erase_if(sessions, [](const auto& k) { return !k.in_file; });
    check_listing();
  }
  void check_place(Known& k) {
    bool here = d.disk.exists(path_of(k)), there = d.disk.exists(path_of(k, !k.archived));
    EXPECT_FALSE(here && there) << "in two places";
    if (k.moving || (power && k.synced == 0)) {
      if (there) k.archived = !k.archived;
    } else if (k.in_file) {
      EXPECT_TRUE(here) << "not where it was put";
    }
    k.moving = k.moving && !power;
    k.in_file = here || there;
    EXPECT_TRUE(k.in_file || k.synced == 0) << "the session is gone";
  }
  void check_name(Known& k) {
    auto now = name_of_id(d.disk, home, k.id).value_or("");
    EXPECT_TRUE(now == k.name || std::ranges::count(k.namings, now) > 0) << now << ", not " << k.name;
    if (!power) return;
    k.name = now;
    k.namings.clear();
  }
  void check_records(Known& k) {
    if (!k.in_file) return;
    auto where = path_of(k);
    std::swap(d.path, where);
    auto found = t.back(d);
    std::swap(d.path, where);
    auto at = k.records.begin();
    for (std::size_t i = 0; i < found.numbers.size(); ++i) {
      if (i < k.synced || (found.skipped == 0 && !holes)) EXPECT_EQ(found.numbers[i], k.records[i]);
      at = std::find(at, k.records.end(), found.numbers[i]);
      ASSERT_NE(at, k.records.end()) << found.numbers[i] << " is out of order or there twice";
      ++at;
    }
    EXPECT_GE(found.numbers.size(), power ? k.synced : k.written);
    holes = holes || found.skipped > 0;
    k.records = found.numbers;
    k.written = k.records.size();
    if (power) k.synced = k.written;
    k.in_file = found.readable;
  }
  /// Every file is listed or named as unreadable.
  void check_listing() {
    std::set<std::string> seen;
    for (bool archived : {false, true}) {
      each_session_file(d.disk, home, archived, [&](const SessionFile& file) {
        EXPECT_TRUE(seen.insert(file.id).second) << file.id << " is there twice";
        return true;
      });
    }
    for (const auto& k : sessions) EXPECT_TRUE(seen.contains(k.id)) << k.id;
  }

  void play() {
    for (std::size_t lives = 3 + below(5); lives > 0 && !::testing::Test::HasFailure(); --lives) {
      live();
      kills += dead() ? 1 : 0;
      die();
    }
  }

  testing::LogFixture& t;
  testing::LogDisk d;
  std::mt19937_64 random;
  const std::string home = "/h/.burin";
  std::vector<Known> sessions;
  int started = 0, last_record = 0, names = 0;
  bool power = false, holes = false;
  std::size_t kills = 0, cuts = 0;
};

}  // namespace

struct SessionModelTest : testing::LogFixture {};

TEST_F(SessionModelTest, RandomLives) {
  testing::Seeds seeds(2000);
  std::size_t kills = 0, cuts = 0;
  for (auto seed = seeds.first; seed <= seeds.last; ++seed) {
    Home home(*this, seed);
    home.play();
    kills += home.kills;
    cuts += home.cuts;
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  covered("session model", fmt::format("{} kills, {} power cuts, {}", kills, cuts, seeds.text()));
}

}  // namespace burin::store
