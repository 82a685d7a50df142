// The coroutine runtime: ordering, virtual time, cancellation trees, scopes, channels, locks, pool.
#include <gtest/gtest.h>

#include "io/loop.h"

namespace burin::io {

using namespace std::chrono_literals;

struct RuntimeTest : ::testing::Test {
  Loop loop;
  void SetUp() override { loop.use_virtual_time(); }
};

Task<int> add_after(int a, int b, Span s) {
  co_await sleep(s);
  co_return a + b;
}

TEST_F(RuntimeTest, VirtualTimeJumpsToTheNextTimer) {
  Time start = loop.now();
  EXPECT_EQ(run_task(loop, add_after(1, 2, 1h)), 3);
  EXPECT_EQ(loop.now() - start, 1h);
}

Task<> note(std::vector<int>* out, int n, Span s) {
  co_await sleep(s);
  out->push_back(n);
}

Task<> three(std::vector<int>* out) {
  Scope scope(co_await Here{});
  scope.spawn(note(out, 3, 30ms));
  scope.spawn(note(out, 1, 10ms));
  scope.spawn(note(out, 2, 10ms));
  co_await scope.join();
}

TEST_F(RuntimeTest, TimersFireInOrderOfTimeThenOfStart) {
  std::vector<int> out;
  run_task(loop, three(&out));
  EXPECT_EQ(out, (std::vector<int>{1, 2, 3}));
}

Task<> fails() {
  co_await sleep(5ms);
  throw std::runtime_error("boom");
}

Task<> forever(bool* cleaned) {
  struct Flag {
    bool* b;
    ~Flag() { *b = true; }
  } flag{cleaned};
  co_await sleep(24h);
}

Task<> scope_with_failure(bool* cleaned) {
  Scope scope(co_await Here{});
  scope.spawn(forever(cleaned));
  scope.spawn(fails());
  co_await scope.join();
}

TEST_F(RuntimeTest, FirstFailureCancelsSiblingsAndIsRethrown) {
  bool cleaned = false;
  Time start = loop.now();
  EXPECT_THROW(run_task(loop, scope_with_failure(&cleaned)), std::runtime_error);
  EXPECT_TRUE(cleaned);
  EXPECT_EQ(loop.now() - start, 5ms);
}

Task<Result<int>> slow_value() {
  co_await sleep(10s);
  co_return 7;
}

TEST_F(RuntimeTest, DeadlineGivesTimeoutAndLateResultIsDropped) {
  auto r = run_task(loop, with_deadline(1s, "slow", slow_value()));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().kind, Kind::timeout);
  auto ok = run_task(loop, with_deadline(11s, "slow", slow_value()));
  ASSERT_TRUE(ok);
  EXPECT_EQ(*ok, 7);
}

Task<> cancel_after(Stop* stop, Span s) {
  co_await sleep(s);
  stop->fire(Why::interrupted);
}

Task<Why> catch_reason(Stop* stop) {
  try {
    co_await under(stop, sleep(1h));
  } catch (const Cancelled& c) {
    co_return c.why;
  }
  co_return Why::none;
}

Task<Why> interrupted_parent() {
  Ctx ctx = co_await Here{};
  Stop parent(ctx.stop);
  Stop child(&parent);
  Scope scope(ctx);
  scope.spawn(cancel_after(&parent, 1ms));
  Why why = co_await catch_reason(&child);
  co_await scope.join();
  co_return why;
}

TEST_F(RuntimeTest, FiringAParentReachesWhatIsBelow) {
  EXPECT_EQ(run_task(loop, interrupted_parent()), Why::interrupted);
}

Task<int> finish_shielded(Stop* stop) {
  stop->fire(Why::interrupted);
  co_return co_await under(stop, shielded(1s, add_after(2, 2, 10ms)));
}

Task<int> shielded_under_fired_stop() {
  Ctx ctx = co_await Here{};
  Stop stop(ctx.stop);
  co_return co_await finish_shielded(&stop);
}

TEST_F(RuntimeTest, ShieldedWorkFinishesBelowAFiredStop) { EXPECT_EQ(run_task(loop, shielded_under_fired_stop()), 4); }

Task<> produce(Channel<int>* c, int n) {
  for (int i = 0; i < n; ++i) co_await c->push(i);
  c->close();
}

Task<std::vector<int>> consume(int n) {
  Channel<int> c(2);
  Scope scope(co_await Here{});
  scope.spawn(produce(&c, n));
  std::vector<int> out;
  while (auto v = co_await c.pop()) out.push_back(*v);
  co_await scope.join();
  co_return out;
}

TEST_F(RuntimeTest, ChannelKeepsOrderUnderBackPressure) {
  auto out = run_task(loop, consume(1000));
  ASSERT_EQ(out.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(out.begin(), out.end()));
}

Task<> hold(FairLock* lock, bool shared, std::string name, std::string* log) {
  auto guard = co_await lock->acquire(shared);
  *log += name + "(";
  co_await sleep(10ms);
  *log += ")" + name;
}

Task<std::string> lock_order() {
  FairLock lock;
  std::string log;
  Scope scope(co_await Here{});
  scope.spawn(hold(&lock, true, "a", &log));
  scope.spawn(hold(&lock, true, "b", &log));
  scope.spawn(hold(&lock, false, "W", &log));
  scope.spawn(hold(&lock, true, "c", &log));
  co_await scope.join();
  co_return log;
}

TEST_F(RuntimeTest, FairLockIsFirstComeFirstServed) { EXPECT_EQ(run_task(loop, lock_order()), "a(b()a)bW()Wc()c"); }

Task<> cancel_waiter_then_next(std::string* log) {
  FairLock lock;
  Ctx ctx = co_await Here{};
  Scope scope(ctx);
  Scope doomed(ctx);
  scope.spawn(hold(&lock, true, "a", log));
  co_await sleep(1ms);
  doomed.spawn(hold(&lock, false, "W", log));
  co_await sleep(1ms);
  scope.spawn(hold(&lock, true, "b", log));
  co_await sleep(1ms);
  doomed.cancel(Why::interrupted);
  co_await doomed.join();
  co_await scope.join();
}

TEST_F(RuntimeTest, ACancelledWriterLetsReadersPass) {
  std::string log;
  run_task(loop, cancel_waiter_then_next(&log));
  EXPECT_EQ(log, "a(b()a)b");
}

Task<int> on_pool(Pool* pool) {
  co_return co_await offload(*pool, [] { return 42; });
}

TEST_F(RuntimeTest, PoolResultReturnsToTheLoop) {
  Pool pool;
  EXPECT_EQ(run_task(loop, on_pool(&pool)), 42);
}

Task<Result<int>> pool_under_deadline(Pool* pool) {
  co_return co_await with_deadline(
      1ms, "job", [](Pool* p) -> Task<Result<int>> { co_return co_await offload(*p, [] { return 1; }); }(pool));
}

TEST_F(RuntimeTest, VirtualTimeWaitsForPoolWork) {
  Pool pool;
  auto r = run_task(loop, pool_under_deadline(&pool));
  EXPECT_TRUE(r) << "a timer must not overtake a running job";
}

Task<> many_children(int n, std::size_t* done) {
  for (int i = 0; i < n; ++i) {
    co_await []() -> Task<> { co_return; }();
    ++*done;
  }
}

TEST_F(RuntimeTest, MillionsOfImmediateChildrenDoNotGrowTheStack) {
  std::size_t done = 0;
  run_task(loop, many_children(1'000'000, &done));
  EXPECT_EQ(done, 1'000'000u);
}

// Random trees of scopes with random cancel points: every child must be gone at the end and the loop must drain.
Task<> random_tree(std::uint64_t seed, int depth, int* alive) {
  struct Count {
    int* n;
    explicit Count(int* p) : n(p) { ++*n; }
    ~Count() { --*n; }
  } count(alive);
  Ctx ctx = co_await Here{};
  Scope scope(ctx);
  for (int i = 0; i < 4 && depth > 0; ++i) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    scope.spawn(random_tree(seed, depth - 1, alive));
  }
  bool interrupted = false;
  try {
    co_await sleep(std::chrono::microseconds(seed >> 54));
  } catch (const Cancelled&) {
    interrupted = true;
  }
  if (interrupted || (seed >> 33) % 3 == 0) scope.cancel(Why::interrupted);
  co_await scope.join();
}

TEST_F(RuntimeTest, RandomCancellationLeavesNothingBehind) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    int alive = 0;
    try {
      run_task(loop, random_tree(seed, 4, &alive));
    } catch (const Cancelled&) {
    }
    ASSERT_EQ(alive, 0) << "seed " << seed;
  }
}

}  // namespace burin::io
