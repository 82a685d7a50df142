#include "io/process.h"

#include <fmt/format.h>

#include "io/loop.h"

namespace burin::io {

namespace process_detail {

/// How long descendants that outlive the command may keep its output open.
constexpr Span drain_time = seconds(2);

/// Reads a stream to its end; what exceeds the limit is read and dropped, so that the command never blocks on it.
Task<> collect(Child* child, Stream stream, std::size_t limit, std::string* out) {
  for (;;) {
    auto piece = co_await child->read(stream);
    if (!piece || piece->empty()) co_return;
    out->append(*piece, 0, limit - out->size());
  }
}

struct DrainTimer {
  DrainTimer(Loop& l, Scope* readers)
      : loop(l), id(l.timer(l.now() + drain_time, [readers] { readers->cancel(Why::deadline); })) {}
  ~DrainTimer() { loop.cancel_timer(id); }
  DrainTimer(const DrainTimer&) = delete;
  DrainTimer& operator=(const DrainTimer&) = delete;
  Loop& loop;
  std::uint64_t id;
};

/// Waits for the command, and then for a moment for the ends of its streams.
Task<Result<ExitStatus>> finish(Child* child, Scope* readers, Span deadline, std::string name) {
  auto status = co_await with_deadline(deadline, std::move(name), child->wait());
  if (!status) {
    child->kill();
    co_return status;
  }
  DrainTimer timer(*(co_await Here{}).loop, readers);
  co_await readers->join();
  co_return status;
}

}  // namespace process_detail

Task<Result<Collected>> run_command(Processes& processes, SpawnSpec spec, Span deadline, std::size_t limit) {
  std::string name = spec.argv.empty() ? std::string() : spec.argv[0];
  CO_TRY(auto child, co_await with_deadline(deadline, name, processes.spawn(std::move(spec))));
  child->close_input();
  Collected all;
  Scope readers(co_await Here{});
  readers.spawn(process_detail::collect(child.get(), Stream::out, limit, &all.out));
  readers.spawn(process_detail::collect(child.get(), Stream::err, limit, &all.err));
  Result<ExitStatus> status;
  std::exception_ptr error;
  try {
    status = co_await process_detail::finish(child.get(), &readers, deadline, name);
  } catch (...) {
    error = std::current_exception();
  }
  readers.cancel(Why::finished);
  co_await readers.join();
  if (error) std::rethrow_exception(error);
  if (!status) co_return Fail(std::move(status).error());
  all.status = *status;
  co_return all;
}

}  // namespace burin::io
