// What each request to the model cost, and whether it continued what the server has cached (context.md 9,
// model-client.md 9.7).
//
// A server caches prompts by their prefix: a request that repeats an earlier one and adds to its end is cheap, one that
// changes something in the middle pays for everything behind it again. The ledger keeps for each request the tokens and
// the model that served it, compares its input with that of the request before, and names the first item that differs
// and why. A request for a summary continues the turn's; after it, turns continue the turn before.
//
// One for each thread, owned by its Session. Nothing here can fail a turn: what cannot be written is logged once.
// Before a request's bytes are out nothing is compared, hashed or read. Loop thread only.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "agent/ledger_file.h"
#include "io/world.h"
#include "model/request.h"
#include "wire/model_event.h"

namespace burin::agent {

class Ledger {
 public:
  explicit Ledger(io::World& world) : world_(world) {}

  /// Lines go to `path`; without this call nothing is kept. `resumed`: there may be lines of an earlier process.
  void keep(std::string path, bool resumed);

  /// What changes the history otherwise than at its end; the last one said explains the next break.
  enum class Change : unsigned char { none, resume, compaction, trimming, rollback, image };
  void changed(Change change) { change_ = change; }

  /// One request. Writes its line when it ends: with the answer's usage, with an error, or as interrupted when it is
  /// destroyed before. Must not outlive the ledger.
  class Request {
   public:
    Request() = default;
    Request(Request&& other) noexcept { *this = std::move(other); }
    Request& operator=(Request&& other) noexcept;
    ~Request() { finish(Outcome::interrupted); }

    /// The server has begun to answer. `digests` are those of the prompt's first items; the view that the prompt points
    /// into must still be there.
    io::Task<> sent(std::vector<std::uint64_t> digests, const model::Prompt& prompt);
    /// Takes note of the served model and the usage; the answer's last event ends the request.
    void saw(const wire::ModelEvent& event);
    void completed() { finish(Outcome::completed); }
    void failed(const std::string& reason);

   private:
    friend class Ledger;
    void finish(Outcome outcome);
    Ledger* ledger_ = nullptr;  // null once it has ended
    LedgerLine line_;
  };
  Request begin(RequestKind kind, const std::string& turn_id, const model::TurnSettings& settings);

 private:
  struct Comparison {
    RequestKind base{};
    std::vector<std::string> before;
    std::size_t same = 0;
    bool items_differ = false;
    bool ok() const { return before.empty() && !items_differ; }
  };
  std::optional<Comparison> compare(RequestKind kind, const SentRequest& now);
  SentInput describe(RequestKind kind, SentRequest now, const std::vector<std::string_view>& input);
  io::Task<> recall();
  struct Recalled {
    LastRequests last;
    std::uint64_t next = 1;
    bool torn = false;
  };
  static Recalled read(io::Files& files, const std::string& path);
  void adopt(Recalled recalled);
  void write(LedgerLine& line);
  Result<> append(const LedgerLine& line);

  io::World& world_;
  std::string path_;
  bool unread_ = false;  // the file has not been looked at yet
  Change change_ = Change::none;
  LastRequests last_;
  std::uint64_t next_ = 1;
  std::unique_ptr<io::AppendFile> file_;
  bool torn_ = false;   // the file ends within a line
  bool whole_ = false;  // a line was lost: the next one names all of its items
  bool failing_ = false;
};

/// "function_call_output call_3, "Exit code: 1…"": kind, role or name, call id, the beginning of the text.
std::string brief(std::string_view item_json);
/// On one line, without control characters, at most `limit` code points.
std::string excerpt(std::string_view text, std::size_t limit);

}  // namespace burin::agent
