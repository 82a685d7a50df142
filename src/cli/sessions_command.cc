#include "cli/sessions_command.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/session_export.h"
#include "cli/sessions_json.h"
#include "cli/sessions_text.h"
#include "io/stdio.h"
#include "store/archive.h"
#include "store/session_index.h"
#include "store/sessions.h"

namespace burin::cli {

namespace sessions_command_detail {

constexpr std::size_t default_columns = 80, max_unreadable = 5;

class Runner {
 public:
  Runner(io::World& world, std::string home, Sessions command)
      : world_(world), home_(std::move(home)), c_(std::move(command)) {}

  /// What goes to stdout.
  io::Task<Result<std::string>> run() {
    using enum Sessions::Action;
    if (c_.action == list) co_return list_text();
    CO_TRY(auto cwd, world_.files.current_dir());
    CO_TRY(auto session, store::find_session(world_.files, home_, cwd, c_.thread));
    switch (c_.action) {
      case show:
        co_return show_text(session);
      case rename:
        co_return co_await rename_to(session);
      case export_:
        co_return export_text(session);
      case remove:
        co_return remove_text(session);
      case archive:
        co_return moved(session, store::archive_session(world_.files, home_, session));
      default:
        co_return moved(session, store::unarchive_session(world_.files, home_, session));
    }
  }

 private:
  Result<std::string> list_text() {
    auto& files = world_.files;
    if (c_.here || c_.query.cwd) {
      TRY(auto cwd, files.current_dir());
      // A folder that is gone still has its sessions.
      auto wanted = path::normal(path::join(cwd, c_.query.cwd.value_or("")));
      c_.query.cwd = files.canonical(wanted).value_or(wanted);
    }
    c_.query.scan_cap = std::numeric_limits<std::size_t>::max();  // a person can wait, and counts are to be whole
    store::SessionIndex index(files, home_);
    TRY(auto listing, store::list_sessions(files, home_, c_.query, &index));
    index.save();
    if (c_.json) return list_json(listing, c_.query);
    std::string out = listing.items.empty()
                          ? "No sessions.\n"
                          : session_table(world_.clock, std::string(world_.env.get("HOME").value_or("")), listing,
                                          c_.query.order, columns());
    auto hidden = hidden_sentence(listing, c_.query);
    if (!hidden.empty()) out += "\n" + hidden;
    for (std::size_t i = 0; i < listing.unreadable.size() && i < max_unreadable; ++i) {
      out += fmt::format("Not readable: {}: {}\n", listing.unreadable[i].path, listing.unreadable[i].reason);
    }
    if (listing.unreadable.size() > max_unreadable) {
      out += fmt::format("Not readable: {} more (--json names them)\n", listing.unreadable.size() - max_unreadable);
    }
    if (listing.next_cursor) {
      out += fmt::format("There are more: raise --limit, or go on with --after '{}'\n", *listing.next_cursor);
    }
    return out;
  }

  Result<std::string> show_text(const store::SessionFile& file) {
    TRY(auto session, store::summarise(world_.files, home_, file));
    TRY(auto loaded, store::load_rollout(world_.files, file.path));
    auto story = read_story(loaded.lines);
    if (c_.json) return show_json(session, loaded, story);
    return session_text(world_.clock, session, loaded, story, columns());
  }

  io::Task<Result<std::string>> rename_to(const store::SessionFile& file) {
    CO_CHECK(co_await store::set_name(world_, home_, file.id, c_.name));
    auto name = store::name_of_id(world_.files, home_, file.id).value_or("");
    co_return done(file, {{"name", name}}, fmt::format("{} is now called: {}", file.id, name));
  }

  Result<std::string> moved(const store::SessionFile& file, const Result<std::string>& path) {
    if (!path) return Fail(path.error());
    bool archived = c_.action == Sessions::Action::archive;
    return done(file, {{"archived", archived}, {"path", *path}},
                fmt::format("{} {}: {}", file.id, archived ? "archived" : "is back", *path));
  }

  Result<std::string> export_text(const store::SessionFile& file) {
    std::string out;
    if (c_.format == "json") {
      TRY(auto text, world_.files.read(file.path));
      std::size_t left_out = 0;
      out = session_json(text, left_out);
      if (left_out > 0) warn(fmt::format("{} lines of {} are no JSON and were left out", left_out, file.path));
    } else {
      TRY(auto session, store::summarise(world_.files, home_, file));
      TRY(auto loaded, store::load_rollout(world_.files, file.path));
      if (loaded.skipped() > 0) warn(fmt::format("{} lines of {} could not be read", loaded.skipped(), file.path));
      out = session_markdown(session, loaded.lines, c_.reasoning);
    }
    if (c_.output.empty()) return out;
    TRY(auto cwd, world_.files.current_dir());
    CHECK(world_.files.write(path::join(cwd, c_.output), out));
    return std::string();
  }

  Result<std::string> remove_text(const store::SessionFile& file) {
    if (!c_.yes) {
      auto session = store::summarise(world_.files, home_, file);
      return fail(Kind::denied,
                  fmt::format("this would delete the session {} for good: {}", file.id,
                              session ? session_title(*session) : file.path),
                  "add --yes to do it");
    }
    CHECK(store::delete_session(world_.files, home_, file));
    return done(file, {{"deleted", true}}, fmt::format("{} deleted", file.id));
  }

  /// The end of a command that changed something: a sentence, or {"id":…} with `members`.
  std::string done(const store::SessionFile& file, const json::object& members, const std::string& sentence) const {
    if (!c_.json) return sentence + "\n";
    json::object out{{"id", file.id}};
    for (const auto& member : members) out.insert(member);
    return dump(out) + "\n";
  }

  static void warn(std::string_view text) { io::write_all(2, fmt::format("warning: {}\n", text)); }

  std::size_t columns() const {
    if (auto terminal = io::terminal_columns(1)) return *terminal;
    return parse_uint(world_.env.get("COLUMNS").value_or("")).value_or(default_columns);
  }

  io::World& world_;
  std::string home_;
  Sessions c_;
};

}  // namespace sessions_command_detail

io::Task<int> run_sessions(io::World& world, std::string home, Sessions command) {
  sessions_command_detail::Runner runner(world, std::move(home), std::move(command));
  auto out = co_await runner.run();
  if (!out) {
    const auto& e = out.error();
    io::write_all(2, fmt::format("Error: {}{}{}\n", e.text(), e.fix.empty() ? "" : "; ", e.fix));
    co_return 1;
  }
  co_return io::write_all(1, *out) ? 0 : 1;
}

}  // namespace burin::cli
