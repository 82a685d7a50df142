#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "io/loop.h"

namespace burin::io {

struct Pool::Impl {
  explicit Impl(unsigned n) : limit(n) {}
  std::mutex mutex;
  std::condition_variable more;
  std::deque<std::function<void()>> jobs;
  std::vector<std::thread> threads;
  unsigned limit;
  unsigned idle = 0;
  bool closing = false;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      more.wait(lock, [&] { return closing || !jobs.empty(); });
      --idle;
      if (jobs.empty()) return;
      auto job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }
};

Pool::Pool(unsigned threads) : impl_(std::make_unique<Impl>(threads)) {}

Pool::~Pool() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
  }
  impl_->more.notify_all();
  for (auto& t : impl_->threads) t.join();
}

void Pool::run(std::function<void()> job) {
  std::lock_guard lock(impl_->mutex);
  impl_->jobs.push_back(std::move(job));
  if (impl_->idle < impl_->jobs.size() && impl_->threads.size() < impl_->limit) {
    // Signals belong to the loop thread.
    sigset_t all, old;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &old);
    impl_->threads.emplace_back([this] { impl_->work(); });
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  }
  impl_->more.notify_one();
}

namespace detail {

namespace {
struct PoolPark : Park {
  PoolPark(Pool* p, std::function<void()> j) : pool(p), job(std::move(j)) { shield(); }
  void arm() override {
    Loop* l = &loop();
    l->external_work(1);
    pool->run([this, l] {
      job();
      l->post([this, l] {
        l->external_work(-1);
        wake();
      });
    });
  }
  Pool* pool;
  std::function<void()> job;
};
}  // namespace

Task<> run_on_pool(Pool& pool, std::function<void()> job) {
  Ctx ctx = co_await Here{};
  co_await PoolPark(&pool, std::move(job));
  if (ctx.stop != nullptr && ctx.stop->fired()) throw Cancelled{ctx.stop->why()};
}

}  // namespace detail

}  // namespace burin::io
