// The event loop: one thread, one queue of runnable coroutines, timers, watched descriptors.
//
// Why an own interface over the reactor: time must be virtual in tests. With use_virtual_time() the clock jumps to the
// next timer as soon as nothing is runnable, so retry and timeout tests take microseconds. Timers are ordered by
// (time, sequence); runnable coroutines are FIFO.
//
// Threads: every member belongs to the loop thread except post().
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "io/task.h"

namespace burin::io {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Time now() const;
  /// Runs until stop() is called.
  void run();
  void stop();
  /// Runs `fn` on the loop thread. The only member that other threads may call.
  void post(std::function<void()> fn);

  std::uint64_t timer(Time at, std::function<void()> fn);
  void cancel_timer(std::uint64_t id);

  /// Level-triggered. `events` is a set of `in` and `out`; one watch for each descriptor.
  enum : std::uint32_t { in = 1, out = 2, error = 4 };
  void watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> fn);
  void unwatch(int fd);

  /// Calls `fn` on the loop thread for each delivery of the signal; replaces an earlier handler.
  void on_signal(int number, std::function<void()> fn);

  void use_virtual_time();
  /// Counts work that will end with post(), on other threads: virtual time stands still while there is any.
  void external_work(int delta);

  void enqueue(std::coroutine_handle<> h);

  /// Root of the cancellation tree; fired with Why::shutdown when the program must end.
  Stop root;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Runs one task to its end on the loop and returns its value; rethrows what it threw.
template <class T>
T run_task(Loop& loop, Task<T> task);

namespace detail {
void drive(Loop& loop, Task<> task);
template <class T>
Task<> store_result(Task<T> task, std::optional<T>* out, std::exception_ptr* error) {
  try {
    out->emplace(co_await std::move(task));
  } catch (...) {
    *error = std::current_exception();
  }
}
inline Task<> store_error(Task<> task, std::exception_ptr* error) {
  try {
    co_await std::move(task);
  } catch (...) {
    *error = std::current_exception();
  }
}
}  // namespace detail

template <class T>
T run_task(Loop& loop, Task<T> task) {
  std::exception_ptr error;
  if constexpr (std::is_void_v<T>) {
    detail::drive(loop, detail::store_error(std::move(task), &error));
    if (error) std::rethrow_exception(error);
  } else {
    std::optional<T> out;
    detail::drive(loop, detail::store_result(std::move(task), &out, &error));
    if (error) std::rethrow_exception(error);
    return std::move(*out);
  }
}

/// Few threads for blocking work (big reads, fsync, hashing, images). Results return through Loop::post.
class Pool {
 public:
  /// Threads are started on first use.
  explicit Pool(unsigned threads = 2);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  void run(std::function<void()> job);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace detail {
/// Waits, shielded, until `job` has run on the pool.
Task<> run_on_pool(Pool& pool, std::function<void()> job);
}  // namespace detail

/// Runs `fn` on a pool thread. A cancelled caller waits for the job to end and then throws.
template <class F>
auto offload(Pool& pool, F fn) -> Task<std::invoke_result_t<F>> {
  using R = std::invoke_result_t<F>;
  std::exception_ptr error;
  if constexpr (std::is_void_v<R>) {
    co_await detail::run_on_pool(pool, [&] {
      try {
        fn();
      } catch (...) {
        error = std::current_exception();
      }
    });
    if (error) std::rethrow_exception(error);
  } else {
    std::optional<R> out;
    co_await detail::run_on_pool(pool, [&] {
      try {
        out.emplace(fn());
      } catch (...) {
        error = std::current_exception();
      }
    });
    if (error) std::rethrow_exception(error);
    co_return std::move(*out);
  }
}

}  // namespace burin::io
