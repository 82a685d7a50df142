#include "tools/unified_exec.h"

#include "base/log.h"
#include "base/text.h"
#include "context/truncate.h"
#include "sandbox/parsed_cmd.h"
#include "tools/shell_output.h"

namespace burin::tools {

void HeadTailBuffer::append(std::string_view bytes) {
  std::size_t half = limit_ / 2;
  if (head_.size() < half) {
    std::size_t n = std::min(half - head_.size(), bytes.size());
    head_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
  }
  tail_.append(bytes);
  // Cut in large steps, so that a flood costs one copy for each half buffer.
  if (tail_.size() > limit_) tail_.erase(0, tail_.size() - half);
}

std::string HeadTailBuffer::text() const {
  std::size_t half = limit_ / 2;
  std::string_view tail = tail_;
  if (tail.size() > half) tail.remove_prefix(tail.size() - half);
  return head_ + std::string(tail);
}

std::string HeadTailBuffer::take() {
  auto out = text();
  head_.clear();
  tail_.clear();
  return out;
}

namespace unified_exec_detail {
constexpr io::Span early_exit = io::milliseconds(150);
constexpr io::Span close_grace = io::milliseconds(50);
constexpr io::Span trailing = io::milliseconds(100);
constexpr io::Span death = io::seconds(5);
constexpr int max_deltas = 10'000;
}  // namespace unified_exec_detail

using namespace unified_exec_detail;

struct UnifiedExec::Process {
  StartRequest request;
  std::unique_ptr<io::Child> child;
  HeadTailBuffer unread{buffer_bytes};
  HeadTailBuffer transcript{buffer_bytes};
  std::optional<io::ExitStatus> status;
  int open_streams = 0;
  io::Event closed;    // all output has been read to its end
  io::Event finished;  // the command has ended, and its output is closed or given up
  io::Event reported;  // the task is through
  io::Time started{};
  int id = 0;
  std::uint64_t last_use = 0;
  bool announced = false;
  bool forgotten = false;
  int deltas = 0;
  std::string held;  // bytes of a character that the last piece cut

  void emit_delta(Host& host, std::string_view bytes);
};

namespace unified_exec_detail {

io::Task<> pump_into(UnifiedExec::Process* p, io::Stream stream, Host* host);

io::Task<Result<bool>> wait_result(io::Event* event) {
  co_await event->wait();
  co_return true;
}

/// Length of the longest prefix that ends at a character boundary (an ill-formed tail counts as boundary).
std::size_t whole_characters(std::string_view bytes) {
  std::size_t n = bytes.size();
  for (std::size_t back = 1; back <= 3 && back <= n; ++back) {
    auto c = static_cast<unsigned char>(bytes[n - back]);
    if ((c & 0xC0) == 0x80) continue;
    std::size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    return need > back ? n - back : n;
  }
  return n;
}

}  // namespace unified_exec_detail

void UnifiedExec::Process::emit_delta(Host& host, std::string_view bytes) {
  if (!announced || deltas >= max_deltas || !host.wants_output_deltas()) return;
  held += bytes;
  std::size_t n = whole_characters(held);
  if (n == 0) return;
  ++deltas;
  wire::event::ExecCommandOutputDelta delta;
  delta.call_id = request.call_id;
  delta.stream = wire::OutputStream::out;
  delta.chunk.data = held.substr(0, n);
  held.erase(0, n);
  host.emit(std::move(delta));
}

namespace unified_exec_detail {
io::Task<> pump_into(UnifiedExec::Process* p, io::Stream stream, Host* host) {
  for (;;) {
    auto piece = co_await p->child->read(stream);
    if (!piece || piece->empty()) break;
    p->unread.append(*piece);
    p->transcript.append(*piece);
    p->emit_delta(*host, *piece);
  }
  if (--p->open_streams == 0) p->closed.set();
}
}  // namespace unified_exec_detail

UnifiedExec::UnifiedExec(io::World& world, io::Ctx ctx, Host& host) : world_(world), host_(host), scope_(ctx) {}
UnifiedExec::~UnifiedExec() = default;

int UnifiedExec::fresh_id() {
  for (;;) {
    int id = static_cast<int>(world_.random.between(1000, 99999));
    bool used = false;
    for (auto& [raw, p] : all_) used = used || p->id == id;
    if (!used) return id;
  }
}

io::Task<Result<UnifiedExec::Process*>> UnifiedExec::start(StartRequest request) {
  io::SpawnSpec spec;
  spec.argv = request.argv;
  spec.cwd = request.cwd;
  spec.env = request.env;
  spec.launcher_args = request.launcher_args;
  if (request.tty) spec.tty = io::SpawnSpec::Tty{};
  auto owned = std::make_unique<Process>();
  owned->request = std::move(request);
  owned->started = world_.loop.now();
  CO_TRY(owned->child, co_await world_.processes.spawn(std::move(spec)));
  Process* p = owned.get();
  p->id = fresh_id();
  p->last_use = ++uses_;
  all_.emplace(p, std::move(owned));
  scope_.spawn(run(p));
  std::exception_ptr stopped;
  try {
    (void)co_await io::with_deadline(early_exit, "start", wait_result(&p->finished));
  } catch (const io::Cancelled&) {
    stopped = std::current_exception();
  }
  if (stopped) {
    p->child->kill();
    p->forgotten = true;
    std::rethrow_exception(stopped);
  }
  co_return p;
}

io::Task<> UnifiedExec::run(Process* p) {
  io::Scope pumps(co_await io::Here{});
  p->open_streams = p->request.tty ? 1 : 2;
  pumps.spawn(pump_into(p, io::Stream::out, &host_));
  if (!p->request.tty) pumps.spawn(pump_into(p, io::Stream::err, &host_));
  // The task must report the end also when the session is being stopped, so it waits shielded, after a kill.
  bool stopped = false;
  try {
    auto status = co_await p->child->wait();
    if (status) p->status = *status;
  } catch (const io::Cancelled&) {
    stopped = true;
  }
  if (stopped) {
    p->child->kill();
    auto status = co_await io::shielded(death, p->child->wait());
    if (status) p->status = *status;
  }
  // A server that the command has started may be what the next call needs. It ends with us at the latest.
  if (!stopped) p->child->leave();
  if (!p->status) p->status = io::ExitStatus{.code = -1, .signal = 0};
  // Something else may hold the output open, so the ends of the pumps are not waited for without limit.
  try {
    (void)co_await io::with_deadline(close_grace, "pipes", wait_result(&p->closed));
    p->finished.set();
    (void)co_await io::with_deadline(trailing - close_grace, "pipes", wait_result(&p->closed));
  } catch (const io::Cancelled&) {
    p->finished.set();
  }
  pumps.cancel(io::Why::finished);
  try {
    co_await pumps.join();
  } catch (const io::Cancelled&) {
  }
  if (p->announced) report_end(*p);
  p->reported.set();
  if (p->forgotten) remove(*p);
}

void UnifiedExec::report_end(Process& p) {
  wire::event::ExecCommandEnd end;
  end.call_id = p.request.call_id;
  end.process_id = std::to_string(p.id);
  end.turn_id = p.request.turn_id;
  end.command = p.request.argv;
  end.cwd = p.request.cwd;
  end.parsed_cmd = sandbox::parse_command(p.request.argv);
  end.source = wire::ExecSource::unified_exec_startup;
  end.aggregated_output = utf8_lossy(p.transcript.text());
  end.stdout_text = end.aggregated_output;
  end.formatted_output = context::truncate_with_header(end.aggregated_output, p.request.truncation);
  end.exit_code = p.status->signal != 0 ? -1 : p.status->code;
  end.duration = duration_of(world_.loop.now() - p.started);
  end.status = end.exit_code == 0 ? wire::ToolStatus::completed : wire::ToolStatus::failed;
  host_.emit(std::move(end));
}

void UnifiedExec::announce(Process& p) {
  wire::event::ExecCommandBegin begin;
  begin.call_id = p.request.call_id;
  begin.process_id = std::to_string(p.id);
  begin.turn_id = p.request.turn_id;
  begin.command = p.request.argv;
  begin.cwd = p.request.cwd;
  begin.parsed_cmd = sandbox::parse_command(p.request.argv);
  begin.source = wire::ExecSource::unified_exec_startup;
  host_.emit(std::move(begin));
  p.announced = true;
  // Output that came before the announcement is streamed now.
  auto early = p.transcript.text();
  for (std::size_t at = 0; at < early.size(); at += 8192) p.emit_delta(host_, std::string_view(early).substr(at, 8192));
  if (p.reported.is_set()) {
    // The process was faster than its announcement: its task has already gone by without an end event.
    report_end(p);
  }
}

io::Task<> UnifiedExec::give_up(Process& p) {
  p.child->kill();
  co_await p.reported.wait();
  remove(p);
}

void UnifiedExec::remove(Process& p) {
  if (auto it = kept_.find(p.id); it != kept_.end() && it->second == &p) kept_.erase(it);
  all_.erase(&p);
}

void UnifiedExec::forget(Process& p) {
  kept_.erase(p.id);
  p.forgotten = true;
  if (p.reported.is_set()) remove(p);
}

io::Task<int> UnifiedExec::keep(Process& p) {
  if (kept_.size() >= max_processes) co_await prune();
  kept_[p.id] = &p;
  if (kept_.size() >= warn_at) {
    host_.model_warning(
        fmt::format("The maximum number of unified exec processes you can keep open is {} and you currently have {} "
                    "processes open. "
                    "Reuse older processes or close them to prevent automatic pruning of old processes",
                    warn_at, kept_.size()));
  }
  co_return p.id;
}

io::Task<> UnifiedExec::prune() {
  std::vector<Process*> by_use;
  for (auto& [id, p] : kept_) by_use.push_back(p);
  std::sort(by_use.begin(), by_use.end(), [](auto* a, auto* b) { return a->last_use > b->last_use; });
  if (by_use.size() <= protected_recent) co_return;
  by_use.erase(by_use.begin(), by_use.begin() + protected_recent);
  Process* victim = by_use.back();
  for (auto it = by_use.rbegin(); it != by_use.rend(); ++it) {
    if ((*it)->status) {
      victim = *it;
      break;
    }
  }
  victim->child->kill();
  forget(*victim);
}

UnifiedExec::Process* UnifiedExec::find(int id) {
  auto it = kept_.find(id);
  if (it == kept_.end()) return nullptr;
  it->second->last_use = ++uses_;
  return it->second;
}

io::Task<std::string> UnifiedExec::collect(Process& p, io::Time deadline) {
  auto left = std::max(deadline - world_.loop.now(), io::Span::zero());
  (void)co_await io::with_deadline(left, "output", wait_result(&p.finished));
  co_return p.unread.take();
}

io::Task<Result<>> UnifiedExec::write(Process& p, std::string bytes) {
  co_return co_await io::with_deadline(io::seconds(10), "stdin", p.child->write(std::move(bytes)));
}

std::optional<io::ExitStatus> UnifiedExec::status(const Process& p) { return p.status; }
bool UnifiedExec::tty(const Process& p) { return p.request.tty; }
const std::string& UnifiedExec::call_id(const Process& p) { return p.request.call_id; }
int UnifiedExec::id(const Process& p) { return p.id; }
std::string UnifiedExec::transcript(const Process& p) const { return utf8_lossy(p.transcript.text()); }

io::Task<> UnifiedExec::terminate_all() {
  for (auto& [raw, p] : all_) {
    if (!p->status) p->child->kill();
    p->forgotten = true;
  }
  std::vector<Process*> waiting;
  for (auto& [raw, p] : all_) waiting.push_back(raw);
  for (auto* p : waiting) {
    auto it = all_.find(p);
    if (it == all_.end()) continue;
    if (it->second->reported.is_set()) {
      remove(*p);
    }
  }
  kept_.clear();
  co_await scope_.join();
}

}  // namespace burin::tools
