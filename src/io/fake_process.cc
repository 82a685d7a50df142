#include "io/fake_process.h"

#include <cerrno>
#include <csignal>

#include "base/text.h"
#include "io/loop.h"

namespace burin::io {

/// The life of one command. Outlives its Child, so that the test can look at it.
class ScriptedProcesses::Play : public ScriptedChild {
 public:
  Play(Loop& loop, SpawnSpec spec, CommandScript script, int pid)
      : loop_(loop), spec_(std::move(spec)), script_(std::move(script)), pid_(pid) {
    schedule();
  }

  const SpawnSpec& spec() const override { return spec_; }

  void say(Stream stream, std::string bytes) override {
    if (spec_.tty) stream = Stream::out;
    bool heard = spec_.tty || spec_.output == SpawnSpec::Output::pipes;
    if (!open_ || !heard) return;
    pending(stream).bytes += bytes;
    wake(stream);
  }

  void end(ExitStatus status) override {
    if (status_) return;
    cancel_timer();
    status_ = status;
    ended_.set();
    if (!script_.holds_output || killed) close_output();
  }

  void kill() {
    killed = killed || !status_ || open_;
    end(ExitStatus{-1, SIGKILL});
    close_output();
  }

  void detach() {
    destroyed = true;
    cancel_timer();
  }

  Task<Result<std::string>> read(Stream stream) {
    Pending& p = pending(stream);
    while (p.bytes.empty() && open_ && !(spec_.tty && stream == Stream::err)) co_await ReadPark(this, stream);
    std::string piece = p.bytes.substr(p.at, 8192);
    p.at += piece.size();
    if (p.at == p.bytes.size()) p = {};
    co_return piece;
  }

  Task<Result<>> write(std::string bytes) {
    bool listens = spec_.tty || spec_.input == SpawnSpec::Input::pipe;
    if (!listens || input_closed || status_) co_return fail_errno(EPIPE, "the input of the command is closed");
    input += bytes;
    if (script_.on_input) script_.on_input(*this, bytes);
    co_return Result<>();
  }

  Task<Result<ExitStatus>> wait() {
    co_await ended_.wait();
    co_return *status_;
  }

  std::optional<ExitStatus> status() const { return status_; }
  int pid() const { return pid_; }

 private:
  struct ReadPark : Park {
    ReadPark(Play* p, Stream s) : play(p), stream(s) {}
    void arm() override { play->reader(stream) = this; }
    void disarm() override { play->reader(stream) = nullptr; }
    Play* play;
    Stream stream;
  };

  struct Pending {
    std::string bytes;
    std::size_t at = 0;  // read so far
  };
  Pending& pending(Stream s) { return s == Stream::out ? out_ : err_; }
  Park*& reader(Stream s) { return s == Stream::out ? out_reader_ : err_reader_; }
  void wake(Stream s) {
    if (reader(s) != nullptr) std::exchange(reader(s), nullptr)->wake();
  }
  void close_output() {
    open_ = false;
    wake(Stream::out);
    wake(Stream::err);
  }
  void cancel_timer() {
    if (timer_ != 0) loop_.cancel_timer(std::exchange(timer_, 0));
  }

  /// Sets the timer for the next step, or for the end.
  void schedule() {
    if (next_ < script_.steps.size()) {
      timer_ = loop_.timer(loop_.now() + script_.steps[next_].delay, [this] {
        timer_ = 0;
        const CommandScript::Step& step = script_.steps[next_++];
        say(step.stream, step.bytes);
        schedule();
      });
    } else if (script_.exit) {
      timer_ = loop_.timer(loop_.now() + script_.end_delay, [this] {
        timer_ = 0;
        end(*script_.exit);
      });
    }
  }

  Loop& loop_;
  SpawnSpec spec_;
  CommandScript script_;
  int pid_;
  std::size_t next_ = 0;
  std::uint64_t timer_ = 0;
  bool open_ = true;
  Pending out_, err_;
  Park* out_reader_ = nullptr;
  Park* err_reader_ = nullptr;
  std::optional<ExitStatus> status_;
  Event ended_;
};

class ScriptedProcesses::Handle : public Child {
 public:
  explicit Handle(Play* play) : play_(play) {}
  ~Handle() override {
    if (!left_) play_->kill();
    play_->detach();
  }
  Task<Result<std::string>> read(Stream stream) override { return play_->read(stream); }
  Task<Result<>> write(std::string bytes) override { return play_->write(std::move(bytes)); }
  void close_input() override { play_->input_closed = true; }
  Task<Result<ExitStatus>> wait() override { return play_->wait(); }
  std::optional<ExitStatus> status() const override { return play_->status(); }
  void kill() override { play_->kill(); }
  void leave() override { left_ = play_->status().has_value(); }
  void signal(int number) override { play_->signals.push_back(number); }
  int pid() const override { return play_->pid(); }

 private:
  Play* play_;
  bool left_ = false;
};

CommandScript CommandScript::output(std::string out, int code) {
  CommandScript s;
  s.steps.push_back({Stream::out, std::move(out), {}});
  s.exit = ExitStatus{code, 0};
  return s;
}

CommandScript CommandScript::hang() {
  CommandScript s;
  s.exit.reset();
  return s;
}

CommandScript CommandScript::refusal(Kind kind, std::string what, int sys) {
  CommandScript s;
  s.refused = Error{.kind = kind, .what = std::move(what), .sys = sys};
  return s;
}

ScriptedProcesses::ScriptedProcesses() = default;
ScriptedProcesses::~ScriptedProcesses() = default;

void ScriptedProcesses::expect(Match match, CommandScript script) {
  expectations_.push_back({std::move(match), std::move(script)});
}

void ScriptedProcesses::expect(std::vector<std::string> argv, CommandScript script) {
  expect([argv = std::move(argv)](const SpawnSpec& spec) { return spec.argv == argv; }, std::move(script));
}

Task<Result<std::unique_ptr<Child>>> ScriptedProcesses::spawn(SpawnSpec spec) {
  Loop& loop = *(co_await Here{}).loop;
  std::optional<CommandScript> script = otherwise_;
  auto it = std::find_if(expectations_.begin(), expectations_.end(), [&](auto& e) { return e.match(spec); });
  if (it != expectations_.end()) {
    script = std::move(it->script);
    expectations_.erase(it);
  }
  if (!script) {
    problems_.push_back(shell_join(spec.argv));
    co_return fail_errno(ENOENT, "no script for " + problems_.back());
  }
  if (script->refused) co_return Fail(*script->refused);
  int pid = 1000 + static_cast<int>(children_.size());
  auto play = std::make_unique<Play>(loop, std::move(spec), std::move(*script), pid);
  auto handle = std::make_unique<Handle>(play.get());
  children_.push_back(std::move(play));
  co_return std::unique_ptr<Child>(std::move(handle));
}

}  // namespace burin::io
