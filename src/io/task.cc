#include "io/task.h"

#include "io/loop.h"

namespace burin::io {

void Stop::add(Hook* hook) {
  if (fired()) {
    hook->run(hook);
    return;
  }
  hook->next = first_;
  hook->at = &first_;
  if (first_ != nullptr) first_->at = &hook->next;
  first_ = hook;
}

void Stop::fire(Why why) {
  if (fired() || why == Why::none) return;
  why_ = why;
  // Each hook leaves the list before it runs, so that it may destroy or re-register itself.
  while (first_ != nullptr) {
    Hook* hook = first_;
    hook->unlink();
    hook->run(hook);
  }
}

void Park::wake() {
  if (woken_) return;
  woken_ = true;
  unlink();
  ctx_.loop->enqueue(handle_);
}

void Park::on_stop(Hook* self) {
  auto* park = static_cast<Park*>(self);
  if (park->woken_) return;
  park->cancelled_ = true;
  park->why_ = park->ctx_.stop->why();
  if (park->armed_) park->disarm();
  park->wake();
}

/// Coroutine type of a spawned child: starts eagerly on the loop, destroys itself at its end.
struct Scope::Child {
  struct promise_type {
    Ctx ctx;
    Child get_return_object() { return Child{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

struct Scope::JoinPark : Park {
  explicit JoinPark(Scope* s) : scope(s) { shield(); }
  void arm() override { scope->joiner_ = this; }
  Scope* scope;
};

Scope::~Scope() {
  // A scope that is destroyed with live children would leave them with dangling references: a bug, not a state.
  if (alive_ != 0) std::terminate();
}

Scope::Child Scope::run_child(Scope* scope, Task<> body) {
  std::exception_ptr error;
  try {
    co_await detail::Under<void>{std::move(body), &scope->stop_};
  } catch (...) {
    error = std::current_exception();
  }
  // Frees the child's frame before the scope learns of the end.
  body = Task<>();
  scope->child_done(error);
}

void Scope::spawn(Task<> child) {
  ++alive_;
  Child c = run_child(this, std::move(child));
  c.handle.promise().ctx = Ctx{up_.loop, &stop_};
  up_.loop->enqueue(c.handle);
}

void Scope::child_done(std::exception_ptr error) {
  --alive_;
  if (error) {
    bool cancelled = false;
    try {
      std::rethrow_exception(error);
    } catch (const Cancelled&) {
      cancelled = true;
    } catch (...) {
    }
    if (!cancelled) {
      if (!error_) error_ = error;
      stop_.fire(Why::sibling_failed);
    }
  }
  if (alive_ == 0 && joiner_ != nullptr) std::exchange(joiner_, nullptr)->wake();
}

Task<> Scope::join() {
  if (alive_ != 0) co_await JoinPark(this);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  if (up_.stop != nullptr && up_.stop->fired()) throw Cancelled{up_.stop->why()};
}

namespace task_detail {

struct SleepPark : Park {
  explicit SleepPark(Span s) : span(s) {}
  void arm() override {
    Loop* l = &loop();
    timer = l->timer(l->now() + span, [this] { wake(); });
  }
  void disarm() override { loop().cancel_timer(timer); }
  Span span;
  std::uint64_t timer = 0;
};

struct FdPark : Park {
  FdPark(int f, std::uint32_t e) : fd(f), events(e) {}
  void arm() override {
    loop().watch(fd, events, [this](std::uint32_t) {
      loop().unwatch(fd);
      wake();
    });
  }
  void disarm() override { loop().unwatch(fd); }
  int fd;
  std::uint32_t events;
};

}  // namespace task_detail

Task<> sleep(Span span) { co_await task_detail::SleepPark(span); }
Task<> readable(int fd) { co_await task_detail::FdPark(fd, Loop::in); }
Task<> writable(int fd) { co_await task_detail::FdPark(fd, Loop::out); }

struct Event::Waiter : Park {
  explicit Waiter(Event* e) : event(e) {}
  void arm() override { event->waiters_.push_back(this); }
  void disarm() override { std::erase(event->waiters_, this); }
  Event* event;
};

void Event::set() {
  set_ = true;
  while (!waiters_.empty()) {
    Waiter* w = waiters_.front();
    waiters_.pop_front();
    w->wake();
  }
}

Task<> Event::wait() {
  if (!set_) co_await Waiter(this);
}

struct FairLock::Waiter : Park {
  Waiter(FairLock* l, bool s) : lock(l), shared(s) {}
  void arm() override {
    lock->queue_.push_back(this);
    lock->grant();
  }
  void disarm() override {
    std::erase(lock->queue_, this);
    lock->grant();
  }
  FairLock* lock;
  bool shared;
};

Task<FairLock::Guard> FairLock::acquire(bool shared) {
  co_await Waiter(this, shared);
  co_return Guard(this, shared);
}

void FairLock::grant() {
  while (!queue_.empty() && !writer_) {
    Waiter* w = queue_.front();
    if (!w->shared && readers_ > 0) return;
    queue_.pop_front();
    if (w->shared) {
      ++readers_;
    } else {
      writer_ = true;
    }
    w->wake();
  }
}

void FairLock::release(bool shared) {
  if (shared) {
    --readers_;
  } else {
    writer_ = false;
  }
  grant();
}

namespace detail {

Deadline::Deadline(Ctx up, Span span, bool linked) : stop(linked ? up.stop : nullptr), loop(up.loop) {
  timer = loop->timer(loop->now() + span, [this] {
    timer = 0;
    expired = true;
    stop.fire(Why::deadline);
  });
}

Deadline::~Deadline() {
  if (timer != 0) loop->cancel_timer(timer);
}

}  // namespace detail

}  // namespace burin::io
