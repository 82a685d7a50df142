// `burin sessions …`: the sessions of the home folder, listed, shown, named, archived, exported, deleted.
//
// With --json the output is one stable JSON value. Whatever a filter hides is counted. A THREAD is an id, the beginning
// of one, a name, or a file; one that fits several sessions is refused with their ids.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "exec/options.h"
#include "io/world.h"
#include "store/listing.h"

namespace burin::cli {

struct Sessions {
  enum class Action : unsigned char { list, show, rename, archive, unarchive, export_, remove };
  Action action = Action::list;
  std::string thread;
  bool json = false;
  // list
  store::ListQuery query;
  bool here = false;  // only those of the working folder
  // rename
  std::string name;
  // export
  std::string format = "markdown";
  std::string output;  // file; "": stdout
  bool reasoning = false;
  // delete
  bool yes = false;
  std::vector<exec::ConfigArgument> config_arguments;  // they choose the provider of sessions that name none
};

/// Runs one of them; the exit code.
io::Task<int> run_sessions(io::World& world, std::string home, Sessions command);

}  // namespace burin::cli
