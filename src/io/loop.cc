#include "io/loop.h"

#include <cerrno>
#include <csignal>
#include <mutex>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

// The reactor is epoll itself: with timers, runnable queue and virtual time in our hands, what remains of it is shorter
// than the adapter to a library's reactor would be, and compiles in a second.

namespace burin::io {

struct Loop::Impl {
  int epoll = -1;
  int wake = -1;
  int signals = -1;
  bool stopping = false;
  bool virtual_time = false;
  int external = 0;
  Time virtual_now{};
  std::deque<std::coroutine_handle<>> runnable;
  std::uint64_t next_timer = 1;
  std::map<std::pair<Time, std::uint64_t>, std::function<void()>> timers;
  std::unordered_map<std::uint64_t, Time> timer_times;
  struct Watch {
    std::uint64_t generation;
    std::function<void(std::uint32_t)> fn;
  };
  std::unordered_map<int, Watch> watches;
  std::uint64_t generation = 0;
  std::map<int, std::function<void()>> signal_handlers;
  sigset_t signal_set;

  std::mutex mutex;  // guards posted and pending_posts only
  std::vector<std::function<void()>> posted;

  Time now() const { return virtual_time ? virtual_now : std::chrono::steady_clock::now(); }
  void run_posted();
  void run_timers();
  void wait(bool block);
  void read_signals();
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {
  impl_->epoll = ::epoll_create1(EPOLL_CLOEXEC);
  impl_->wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  ::sigemptyset(&impl_->signal_set);
  epoll_event ev{.events = EPOLLIN, .data = {.fd = impl_->wake}};
  ::epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, impl_->wake, &ev);
}

Loop::~Loop() {
  if (impl_->signals >= 0) ::close(impl_->signals);
  ::close(impl_->wake);
  ::close(impl_->epoll);
}

Time Loop::now() const { return impl_->now(); }

void Loop::use_virtual_time() {
  impl_->virtual_now = std::chrono::steady_clock::now();
  impl_->virtual_time = true;
}

void Loop::external_work(int delta) { impl_->external += delta; }

void Loop::enqueue(std::coroutine_handle<> h) { impl_->runnable.push_back(h); }

void Loop::stop() { impl_->stopping = true; }

void Loop::post(std::function<void()> fn) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->posted.push_back(std::move(fn));
  }
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(impl_->wake, &one, sizeof one);
}

std::uint64_t Loop::timer(Time at, std::function<void()> fn) {
  std::uint64_t id = impl_->next_timer++;
  impl_->timers.emplace(std::pair{at, id}, std::move(fn));
  impl_->timer_times.emplace(id, at);
  return id;
}

void Loop::cancel_timer(std::uint64_t id) {
  auto it = impl_->timer_times.find(id);
  if (it == impl_->timer_times.end()) return;
  impl_->timers.erase({it->second, id});
  impl_->timer_times.erase(it);
}

void Loop::watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> fn) {
  epoll_event ev{};
  if ((events & in) != 0) ev.events |= EPOLLIN;
  if ((events & out) != 0) ev.events |= EPOLLOUT;
  ev.data.fd = fd;
  bool known = impl_->watches.contains(fd);
  int op = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  int rc = ::epoll_ctl(impl_->epoll, op, fd, &ev);
  if (rc != 0 && errno == ENOENT) rc = ::epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, fd, &ev);
  if (rc != 0 && errno == EEXIST) rc = ::epoll_ctl(impl_->epoll, EPOLL_CTL_MOD, fd, &ev);
  impl_->watches[fd] = Impl::Watch{++impl_->generation, std::move(fn)};
  if (rc != 0 && errno == EPERM) {
    // A regular file is always ready, and epoll refuses it: answer from the queue instead.
    std::uint64_t generation = impl_->generation;
    post([this, fd, events, generation] {
      auto it = impl_->watches.find(fd);
      if (it == impl_->watches.end() || it->second.generation != generation) return;
      auto call = it->second.fn;
      call(events);
    });
  }
}

void Loop::unwatch(int fd) {
  if (impl_->watches.erase(fd) != 0) ::epoll_ctl(impl_->epoll, EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::on_signal(int number, std::function<void()> fn) {
  impl_->signal_handlers[number] = std::move(fn);
  ::sigaddset(&impl_->signal_set, number);
  ::pthread_sigmask(SIG_BLOCK, &impl_->signal_set, nullptr);
  bool fresh = impl_->signals < 0;
  impl_->signals = ::signalfd(impl_->signals, &impl_->signal_set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fresh) {
    epoll_event ev{.events = EPOLLIN, .data = {.fd = impl_->signals}};
    ::epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, impl_->signals, &ev);
  }
}

void Loop::Impl::read_signals() {
  signalfd_siginfo info;
  while (::read(signals, &info, sizeof info) == sizeof info) {
    auto it = signal_handlers.find(static_cast<int>(info.ssi_signo));
    if (it == signal_handlers.end()) continue;
    auto call = it->second;
    call();
  }
}

void Loop::Impl::run_posted() {
  std::vector<std::function<void()>> batch;
  {
    std::lock_guard lock(mutex);
    batch.swap(posted);
  }
  for (auto& fn : batch) fn();
}

void Loop::Impl::run_timers() {
  Time t = now();
  while (!timers.empty() && timers.begin()->first.first <= t) {
    auto node = timers.extract(timers.begin());
    timer_times.erase(node.key().second);
    node.mapped()();
  }
}

void Loop::Impl::wait(bool block) {
  int timeout = 0;
  if (block && !timers.empty() && !virtual_time) {
    auto left = timers.begin()->first.first - now();
    // Rounded up, so that the timer is due when the wait ends.
    auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    timeout = static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000));
  } else if (block && (timers.empty() || external > 0)) {
    timeout = -1;
  }
  epoll_event events[64];
  int n = ::epoll_wait(epoll, events, 64, timeout);
  if (n == 0 && block && virtual_time && external == 0 && !timers.empty()) {
    // Nothing can happen before the next timer: time jumps to it.
    virtual_now = std::max(virtual_now, timers.begin()->first.first);
    return;
  }
  for (int i = 0; i < n; ++i) {
    int fd = events[i].data.fd;
    if (fd == wake) {
      std::uint64_t count;
      [[maybe_unused]] auto r = ::read(wake, &count, sizeof count);
      continue;
    }
    if (fd == signals) {
      read_signals();
      continue;
    }
    auto it = watches.find(fd);
    if (it == watches.end()) continue;
    std::uint32_t flags = 0;
    if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0) flags |= Loop::in;
    if ((events[i].events & (EPOLLOUT | EPOLLERR)) != 0) flags |= Loop::out;
    if ((events[i].events & EPOLLERR) != 0) flags |= Loop::error;
    auto call = it->second.fn;  // a copy: the callback may remove its own watch
    call(flags);
  }
}

void Loop::run() {
  impl_->stopping = false;
  while (!impl_->stopping) {
    impl_->run_posted();
    impl_->run_timers();
    // Only the coroutines that are runnable now: those that they wake run after the next look at the outside.
    std::size_t count = impl_->runnable.size();
    for (std::size_t i = 0; i < count && !impl_->stopping; ++i) {
      auto h = impl_->runnable.front();
      impl_->runnable.pop_front();
      h.resume();
    }
    if (impl_->stopping) break;
    bool idle = impl_->runnable.empty();
    {
      std::lock_guard lock(impl_->mutex);
      idle = idle && impl_->posted.empty();
    }
    if (idle || count > 0) impl_->wait(idle);
  }
}

namespace detail {

namespace {
struct Root {
  struct promise_type {
    Ctx ctx;
    Root get_return_object() { return Root{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Root run_root(Loop* loop, Task<> task) {
  co_await std::move(task);
  task = Task<>();
  loop->stop();
}
}  // namespace

void drive(Loop& loop, Task<> task) {
  Root root = run_root(&loop, std::move(task));
  root.handle.promise().ctx = Ctx{&loop, &loop.root};
  loop.enqueue(root.handle);
  loop.run();
}

}  // namespace detail

}  // namespace burin::io
