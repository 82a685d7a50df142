// Structured concurrency for one event-loop thread.
//
// Why: the program waits for many things at once (a stream, tools, signals, timers) and every one of them must be
// stoppable. Coroutines give straight-line code, and a tree of Stop nodes gives cancellation: firing a node wakes every
// leaf below it with the exception Cancelled, which unwinds the coroutines up to the Scope that owns them.
//
// Ownership: a Task owns its coroutine and is awaited exactly once, or handed to a Scope. A Scope never ends before its
// children. Context (loop and stop node) flows from the awaiting coroutine to the awaited one.
//
// Threads: everything here runs on the loop thread. Only Loop::post may be called from elsewhere.
//
// Rules: spawned coroutines take parameters by value, or references to things that outlive the scope; a capturing
// lambda is a coroutine only if its closure outlives it; no co_await inside a catch block; a Task that has started is
// never destroyed before it has finished.
#pragma once
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#error "this compiler miscompiles coroutines; configure with clang++-19"
#endif

#include <cassert>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "base/result.h"
#include "io/time.h"

namespace burin::io {

class Loop;

/// Why a task was stopped. The first reason that reaches a node wins.
enum class Why : std::uint8_t { none, finished, interrupted, replaced, deadline, shutdown, sibling_failed };

/// Thrown at a suspension point of a stopped task; caught by Scope and at tool and turn boundaries only.
struct Cancelled {
  Why why;
};

/// Node of an intrusive list, so that registering for cancellation allocates nothing.
struct Hook {
  Hook* next = nullptr;
  Hook** at = nullptr;
  void (*run)(Hook*) = nullptr;
  Hook() = default;
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;
  ~Hook() { unlink(); }
  void unlink() {
    if (at == nullptr) return;
    *at = next;
    if (next != nullptr) next->at = at;
    at = nullptr;
    next = nullptr;
  }
};

/// A node of the cancellation tree. Firing reaches every node below.
class Stop : Hook {
 public:
  Stop() { run = &on_parent; }
  explicit Stop(Stop* parent) : Stop() {
    if (parent != nullptr) {
      parent_ = parent;
      parent->add(this);
    }
  }
  void fire(Why why);
  Why why() const { return why_; }
  bool fired() const { return why_ != Why::none; }
  /// Registers a hook; runs it at once when the node has already fired.
  void add(Hook* hook);

 private:
  static void on_parent(Hook* self) {
    auto* stop = static_cast<Stop*>(self);
    stop->fire(stop->parent_->why_);
  }
  Stop* parent_ = nullptr;
  Hook* first_ = nullptr;
  Why why_ = Why::none;
};

/// What every coroutine inherits from the one that awaits it.
struct Ctx {
  Loop* loop = nullptr;
  Stop* stop = nullptr;
};

namespace detail {

struct PromiseBase {
  Ctx ctx;
  std::coroutine_handle<> next = std::noop_coroutine();
  std::exception_ptr error;

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().next;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  std::coroutine_handle<Promise> get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() {
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  std::coroutine_handle<Promise> get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  void return_void() {}
  void take() {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

/// A lazy coroutine, owned, awaited once.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  Task(Handle h) : h_(h) {}  // NOLINT: what get_return_object returns converts to it
  Task(Task&& o) noexcept : h_(std::exchange(o.h_, {})) {}
  Task& operator=(Task&& o) noexcept {
    std::swap(h_, o.h_);
    return *this;
  }
  ~Task() {
    if (h_) h_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class P>
  Handle await_suspend(std::coroutine_handle<P> awaiting) noexcept {
    h_.promise().next = awaiting;
    h_.promise().ctx = awaiting.promise().ctx;
    return h_;
  }
  T await_resume() { return h_.promise().take(); }

  Handle handle() const { return h_; }
  bool valid() const { return static_cast<bool>(h_); }

 private:
  Handle h_{};
};

/// `co_await Here{}` gives the current context.
struct Here {
  Ctx ctx;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> h) noexcept {
    ctx = h.promise().ctx;
    return false;
  }
  Ctx await_resume() const noexcept { return ctx; }
};

/// The only leaf: whatever waits for the outside world is a Park. Derive, override arm() and disarm().
///
/// arm() is called once the coroutine is suspended and arranges that wake() is called later (or at once). wake() queues
/// the coroutine on the loop and never resumes inline. When the stop node fires, disarm() is called and the coroutine
/// is woken with Cancelled. Calls of wake() after the first are ignored.
class Park : Hook {
 public:
  Park() { run = &on_stop; }
  virtual ~Park() = default;

  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> h) {
    ctx_ = h.promise().ctx;
    handle_ = h;
    if (ctx_.stop != nullptr && !shielded_) {
      ctx_.stop->add(this);
      if (cancelled_) return;
    }
    armed_ = true;
    arm();
  }
  void await_resume() {
    if (cancelled_) throw Cancelled{why_};
  }

  void wake();
  bool woken() const { return woken_; }

 protected:
  virtual void arm() = 0;
  virtual void disarm() {}
  Loop& loop() const { return *ctx_.loop; }
  /// A shielded leaf is not woken by the stop node: for waits that end by themselves soon (pool work).
  void shield() { shielded_ = true; }

 private:
  static void on_stop(Hook* self);
  Ctx ctx_;
  std::coroutine_handle<> handle_;
  bool armed_ = false;
  bool woken_ = false;
  bool cancelled_ = false;
  bool shielded_ = false;
  Why why_ = Why::none;
};

/// A nursery: children run concurrently and never outlive join().
///
/// The first child that fails with an exception other than Cancelled stops its siblings, and join() rethrows it.
/// Stopping the parent stops the children; join() still waits for all of them and then throws Cancelled.
class Scope {
 public:
  explicit Scope(Ctx up) : up_(up), stop_(up.stop) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();

  void spawn(Task<> child);
  Task<> join();
  void cancel(Why why) { stop_.fire(why); }
  std::size_t alive() const { return alive_; }
  Stop& stop() { return stop_; }

 private:
  struct Child;
  struct JoinPark;
  static Child run_child(Scope* scope, Task<> body);
  void child_done(std::exception_ptr error);
  Ctx up_;
  Stop stop_;
  std::size_t alive_ = 0;
  std::exception_ptr error_;
  Park* joiner_ = nullptr;
};

/// Waits for `span` (at least one turn of the loop).
Task<> sleep(Span span);
/// Waits until the descriptor is readable or writable (also a pidfd: readable means exited).
Task<> readable(int fd);
Task<> writable(int fd);

/// One-shot signal between tasks; any number of waiters; stays set.
class Event {
 public:
  void set();
  bool is_set() const { return set_; }
  Task<> wait();

 private:
  struct Waiter;
  bool set_ = false;
  std::deque<Waiter*> waiters_;
};

/// Bounded queue between tasks of the one loop. push waits for room; pop waits for an item and gives nullopt once the
/// channel is closed and drained.
template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) {}
  /// False when the channel is closed: the item was not taken.
  Task<bool> push(T item) {
    while (!closed_ && items_.size() >= capacity_) co_await Wait{&room_};
    co_return try_push(std::move(item));
  }
  bool try_push(T item) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    wake_one(ready_);
    return true;
  }
  Task<std::optional<T>> pop() {
    while (items_.empty()) {
      if (closed_) co_return std::nullopt;
      co_await Wait{&ready_};
    }
    co_return try_pop();
  }
  std::optional<T> try_pop() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    wake_one(room_);
    return item;
  }
  void close() {
    closed_ = true;
    wake_all(ready_);
    wake_all(room_);
  }
  bool closed() const { return closed_; }
  std::size_t size() const { return items_.size(); }

 private:
  struct Wait : Park {
    explicit Wait(std::deque<Wait*>* q) : queue(q) {}
    void arm() override { queue->push_back(this); }
    void disarm() override { std::erase(*queue, this); }
    std::deque<Wait*>* queue;
  };
  static void wake_one(std::deque<Wait*>& q) {
    if (q.empty()) return;
    Wait* w = q.front();
    q.pop_front();
    w->wake();
  }
  static void wake_all(std::deque<Wait*>& q) {
    while (!q.empty()) wake_one(q);
  }
  std::size_t capacity_;
  bool closed_ = false;
  std::deque<T> items_;
  std::deque<Wait*> ready_;
  std::deque<Wait*> room_;
};

/// First come, first served read/write lock between tasks (session.md 3.3: tool parallelism).
class FairLock {
 public:
  class [[nodiscard]] Guard {
   public:
    Guard() = default;
    Guard(FairLock* lock, bool shared) : lock_(lock), shared_(shared) {}
    Guard(Guard&& o) noexcept : lock_(std::exchange(o.lock_, nullptr)), shared_(o.shared_) {}
    Guard& operator=(Guard&& o) noexcept {
      std::swap(lock_, o.lock_);
      std::swap(shared_, o.shared_);
      return *this;
    }
    ~Guard() {
      if (lock_ != nullptr) lock_->release(shared_);
    }

   private:
    FairLock* lock_ = nullptr;
    bool shared_ = false;
  };
  Task<Guard> acquire(bool shared);

 private:
  struct Waiter;
  void release(bool shared);
  void grant();
  int readers_ = 0;
  bool writer_ = false;
  std::deque<Waiter*> queue_;
};

namespace detail {
/// Runs `timer_fired` handling for with_deadline and shielded.
struct Deadline {
  Deadline(Ctx up, Span span, bool linked);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  Stop stop;
  Loop* loop;
  std::uint64_t timer = 0;
  bool expired = false;
};

/// Awaits `task` under another stop node.
template <class T>
struct Under {
  Task<T> task;
  Stop* stop;
  bool await_ready() const noexcept { return false; }
  template <class P>
  auto await_suspend(std::coroutine_handle<P> h) noexcept {
    auto inner = task.await_suspend(h);
    task.handle().promise().ctx.stop = stop;
    return inner;
  }
  T await_resume() { return task.await_resume(); }
};
}  // namespace detail

/// Runs the task under its own stop node; Kind::timeout with `what` when `span` passes first.
template <class T>
Task<Result<T>> with_deadline(Span span, std::string what, Task<Result<T>> task) {
  detail::Deadline deadline(co_await Here{}, span, true);
  try {
    co_return co_await detail::Under<Result<T>>{std::move(task), &deadline.stop};
  } catch (const Cancelled&) {
    if (!deadline.expired) throw;
  }
  co_return fail(Kind::timeout, what + ": no answer in time");
}

/// Runs the task shielded from the caller's stop node, for at most `at_most` (then it is cancelled like any other).
template <class T>
Task<T> shielded(Span at_most, Task<T> task) {
  detail::Deadline deadline(co_await Here{}, at_most, false);
  co_return co_await detail::Under<T>{std::move(task), &deadline.stop};
}

/// Runs the task under the given stop node instead of the caller's.
template <class T>
Task<T> under(Stop* stop, Task<T> task) {
  co_return co_await detail::Under<T>{std::move(task), stop};
}

}  // namespace burin::io
