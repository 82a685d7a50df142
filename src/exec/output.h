// Where events go: two front ends over one interface.
//
// Both are fed by the thread after an event is in the log. Lines leave with one write each; a reader that went away (a
// closed pipe) ends nothing but the output.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "io/loop.h"
#include "wire/event.h"

namespace burin::exec {

/// A descriptor for output. Errors are remembered, never thrown.
class Out {
 public:
  Out(int fd, bool color) : fd_(fd), color_(color) {}
  void write(std::string_view text);
  bool color() const { return color_; }
  /// The errno of a write that failed, after which nothing more was written; 0 when all went out.
  int error() const { return error_; }

 private:
  int fd_;
  bool color_;
  int error_ = 0;
};

/// What the run says before and after its events.
struct RunInfo {
  std::string thread_id;
  std::string model;
  const config::Config* config = nullptr;
  std::string prompt;  // as echoed
};

class Printer {
 public:
  virtual ~Printer() = default;
  virtual void begin(const RunInfo& info) = 0;
  virtual void on_event(const wire::EventMsg& event) = 0;
  /// The turn is over. `interrupted`: no closing event is printed.
  virtual void end(bool interrupted) = 0;
  /// An error event was seen.
  bool failed() const { return failed_; }

 protected:
  bool failed_ = false;
};

/// `--json`: one object for each line on `out` (cli-config.md 3.8).
std::unique_ptr<Printer> make_json_printer(Out& out);
/// Plain text on `err` (cli-config.md 3.7).
std::unique_ptr<Printer> make_human_printer(Out& err, io::Loop& loop);

/// "51ms", "1.50s", "1m 05s".
std::string duration_text(const wire::Duration& duration);

}  // namespace burin::exec
