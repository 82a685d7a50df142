#include "sandbox/parsed_cmd.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "sandbox/shell.h"

namespace burin::sandbox {

namespace parsed_cmd_detail {

using wire::ParsedCommand;
using wire::ParsedListFiles;
using wire::ParsedRead;
using wire::ParsedSearch;
using wire::ParsedUnknown;
using Words = std::span<const std::string>;
using Flags = std::span<const std::string_view>;
using Text = std::optional<std::string>;

bool is_among(std::string_view word, Flags list) { return std::find(list.begin(), list.end(), word) != list.end(); }

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "webview/src/" -> "webview": the last component that tells something.
std::string short_path(std::string_view path) {
  static constexpr std::string_view dull[] = {"", "build", "dist", "node_modules", "src"};
  std::string slashed = replace_all(path, "\\", "/");
  std::string_view trimmed = slashed;
  while (trimmed.ends_with('/')) trimmed.remove_suffix(1);
  auto parts = split(trimmed, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!is_among(*part, dull)) return std::string(*part);
  }
  return std::string(trimmed);
}

Text short_path(const Text& path) { return path ? Text(short_path(std::string_view(*path))) : std::nullopt; }

/// Arguments that are neither flags nor the values of `with_value`; all behind "--" are operands.
std::vector<std::string> operands(Words args, Flags with_value) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& arg = args[i];
    if (arg == "--") {
      out.insert(out.end(), args.begin() + static_cast<std::ptrdiff_t>(i) + 1, args.end());
      break;
    }
    if (is_among(arg, with_value)) {
      ++i;
    } else if (!arg.starts_with('-')) {
      out.push_back(arg);
    }
  }
  return out;
}

Text at(const std::vector<std::string>& list, std::size_t i) { return i < list.size() ? Text(list[i]) : std::nullopt; }

// How a command is read: given all its words, those behind the program, and the flags that take a value.

ParsedCommand unknown(const Argv& words) { return ParsedUnknown{shell_join(words)}; }

ParsedCommand read_of(const Argv& words, const Text& file) {
  if (!file) return unknown(words);
  return ParsedRead{shell_join(words), short_path(std::string_view(*file)), *file};
}

ParsedCommand list_or_search(const Argv& words, Text query, const Text& path) {
  if (query) return ParsedSearch{shell_join(words), std::move(query), short_path(path)};
  return ParsedListFiles{shell_join(words), short_path(path)};
}

ParsedCommand lists(const Argv& words, Words args, Flags with_value) {
  return ParsedListFiles{shell_join(words), short_path(at(operands(args, with_value), 0))};
}

ParsedCommand searches(const Argv& words, Words args, Flags with_value) {
  auto found = operands(args, with_value);
  return ParsedSearch{shell_join(words), at(found, 0), short_path(at(found, 1))};
}

ParsedCommand ripgrep(const Argv& words, Words args, Flags with_value) {
  bool files = std::find(args.begin(), args.end(), "--files") != args.end();
  return files ? lists(words, args, with_value) : searches(words, args, with_value);
}

ParsedCommand greps(const Argv& words, Words args, Flags with_value) {
  static constexpr std::string_view patterns[] = {"-e", "--regexp", "-f", "--file"};
  Text pattern;
  for (std::size_t i = 0; i + 1 < args.size() && args[i] != "--" && !pattern; ++i) {
    if (is_among(args[i], patterns)) {
      pattern = args[i + 1];
    } else if (is_among(args[i], with_value)) {
      ++i;
    }
  }
  auto found = operands(args, with_value);
  auto path = short_path(at(found, pattern ? 0 : 1));
  return ParsedSearch{shell_join(words), pattern ? pattern : at(found, 0), path};
}

constexpr std::string_view grep_flags[] = {"-e", "--regexp",  "-f", "--file",          "-m", "--max-count",
                                           "-C", "--context", "-A", "--after-context", "-B", "--before-context"};
constexpr std::string_view git_ls_files_flags[] = {"--exclude", "--exclude-from", "--pathspec-from-file"};

ParsedCommand git(const Argv& words, Words args, Flags) {
  if (!args.empty() && args[0] == "grep") return greps(words, args.subspan(1), grep_flags);
  if (!args.empty() && args[0] == "ls-files") return lists(words, args.subspan(1), git_ls_files_flags);
  return unknown(words);
}

ParsedCommand fd_search(const Argv& words, Words args, Flags with_value) {
  auto found = operands(args, with_value);
  if (found.size() != 1) return list_or_search(words, at(found, 0), at(found, 1));
  const auto& one = found[0];
  bool is_path = one == "." || one == ".." || one.find_first_of("/\\") != std::string::npos;
  return is_path ? list_or_search(words, std::nullopt, one) : list_or_search(words, one, std::nullopt);
}

ParsedCommand find_files(const Argv& words, Words args, Flags tests) {
  static constexpr std::string_view grammar[] = {"!", "(", ")"};
  auto start = std::find_if(args.begin(), args.end(),
                            [](const auto& arg) { return !arg.starts_with('-') && !is_among(arg, grammar); });
  auto test = std::find_if(args.begin(), args.end(), [&](const auto& arg) { return is_among(arg, tests); });
  Text query = test != args.end() && test + 1 != args.end() ? Text(*(test + 1)) : std::nullopt;
  return list_or_search(words, std::move(query), start != args.end() ? Text(*start) : std::nullopt);
}

ParsedCommand shows(const Argv& words, Words args, Flags with_value) {
  auto found = operands(args, with_value);
  return read_of(words, found.size() == 1 ? Text(found[0]) : std::nullopt);
}

ParsedCommand reads_first(const Argv& words, Words args, Flags with_value) {
  return read_of(words, at(operands(args, with_value), 0));
}

/// A count of lines; tail also takes "+5".
bool is_count(std::string_view text, bool plus) {
  if (plus && text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && all_digits(text);
}

ParsedCommand shows_end(const Argv& words, Words args, Flags) {
  bool plus = words[0] == "tail";
  if (args.size() == 1 && !args[0].starts_with('-')) return read_of(words, args[0]);
  std::size_t rest = 0;
  if (args.size() >= 2 && args[0] == "-n" && is_count(args[1], plus)) rest = 2;
  if (!args.empty() && args[0].starts_with("-n") && is_count(std::string_view(args[0]).substr(2), plus)) rest = 1;
  if (rest == 0) return unknown(words);
  return read_of(words, at(operands(args.subspan(rest), {}), 0));
}

constexpr std::string_view awk_flags[] = {"-F", "-v", "-f", "--field-separator", "--assign", "--file"};
Text awk_file(Words args) {
  auto found = operands(args, awk_flags);
  bool program_in_file =
      std::any_of(args.begin(), args.end(), [](const auto& a) { return a == "-f" || a == "--file"; });
  return at(found, program_in_file ? 0 : 1);
}
ParsedCommand awk(const Argv& words, Words args, Flags) { return read_of(words, awk_file(args)); }

/// "5p" or "5,10p".
bool is_line_range(std::string_view script) {
  if (!script.ends_with('p')) return false;
  script.remove_suffix(1);
  auto comma = script.find(',');
  auto from = script.substr(0, comma);
  auto to = comma == std::string_view::npos ? from : script.substr(comma + 1);
  return is_count(from, false) && is_count(to, false);
}

/// The file of `sed -n <range> file`.
Text sed_file(Words args) {
  static constexpr std::string_view with_value[] = {"-e", "--expression", "-f", "--file"};
  if (std::find(args.begin(), args.end(), "-n") == args.end()) return std::nullopt;
  bool range = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    bool expression = args[i] == "-e" || args[i] == "--expression";
    if (expression && i + 1 < args.size()) range = range || is_line_range(args[i + 1]);
    if (is_among(args[i], with_value)) ++i;
  }
  auto found = operands(args, with_value);
  if (!found.empty() && is_line_range(found[0])) return at(found, 1);
  return range ? at(found, 0) : std::nullopt;
}
ParsedCommand sed(const Argv& words, Words args, Flags) { return read_of(words, sed_file(args)); }

ParsedCommand python(const Argv& words, Words args) {
  static constexpr std::string_view walks[] = {"os.walk",    "os.listdir",   "os.scandir", "glob.glob",
                                               "glob.iglob", "pathlib.Path", ".rglob("};
  auto flag = std::find(args.begin(), args.end(), "-c");
  if (flag == args.end() || flag + 1 == args.end()) return unknown(words);
  bool listing =
      std::any_of(std::begin(walks), std::end(walks), [&](auto sign) { return contains(*(flag + 1), sign); });
  return listing ? ParsedCommand(ParsedListFiles{shell_join(words), std::nullopt}) : unknown(words);
}

bool is_python(std::string_view program) {
  return program == "python" || program == "python2" || program == "python3" || program.starts_with("python2.") ||
         program.starts_with("python3.");
}

constexpr std::string_view ls_flags[] = {"-I",           "-w",      "--block-size",   "--format",
                                         "--time-style", "--color", "--quoting-style"};
constexpr std::string_view eza_flags[] = {"-I", "--ignore-glob", "--color", "--sort", "--time-style", "--time"};
constexpr std::string_view tree_flags[] = {"-L", "-P", "-I", "--charset", "--filelimit", "--sort"};
constexpr std::string_view du_flags[] = {"-d", "--max-depth", "-B", "--block-size", "--exclude", "--time-style"};
constexpr std::string_view rg_flags[] = {"-g", "--glob",      "--iglob", "-t", "--type", "--type-add", "--type-not",
                                         "-m", "--max-count", "-A",      "-B", "-C",     "--context",  "--max-depth"};
constexpr std::string_view fd_flags[] = {"-t", "--type", "-e", "--extension", "-E", "--exclude", "--search-path"};
constexpr std::string_view find_tests[] = {"-name", "-iname", "-path", "-regex"};
constexpr std::string_view ag_flags[] = {
    "-G", "-g", "--file-search-regex", "--ignore-dir", "--ignore-file", "--path-to-ignore"};
constexpr std::string_view bat_flags[] = {"--theme", "--language",   "--style",     "--terminal-width",
                                          "--tabs",  "--line-range", "--map-syntax"};
constexpr std::string_view less_flags[] = {"-p",        "-P",       "-x",     "-y",      "-z",           "-j",
                                           "--pattern", "--prompt", "--tabs", "--shift", "--jump-target"};
constexpr std::string_view nl_flags[] = {"-s", "-w", "-v", "-i", "-b"};

struct CommandRow {
  std::string_view program;
  ParsedCommand (*reading)(const Argv&, Words, Flags);
  Flags flags;  // for find: its tests
};
constexpr CommandRow command_rows[] = {{"ls", lists, ls_flags},
                                       {"eza", lists, eza_flags},
                                       {"exa", lists, eza_flags},
                                       {"tree", lists, tree_flags},
                                       {"du", lists, du_flags},
                                       {"rg", ripgrep, rg_flags},
                                       {"rga", ripgrep, rg_flags},
                                       {"ripgrep-all", ripgrep, rg_flags},
                                       {"git", git, {}},
                                       {"fd", fd_search, fd_flags},
                                       {"find", find_files, find_tests},
                                       {"grep", greps, grep_flags},
                                       {"egrep", greps, grep_flags},
                                       {"fgrep", greps, grep_flags},
                                       {"ag", searches, ag_flags},
                                       {"ack", searches, ag_flags},
                                       {"pt", searches, ag_flags},
                                       {"cat", shows, {}},
                                       {"more", shows, {}},
                                       {"bat", shows, bat_flags},
                                       {"batcat", shows, bat_flags},
                                       {"less", shows, less_flags},
                                       {"head", shows_end, {}},
                                       {"tail", shows_end, {}},
                                       {"awk", awk, {}},
                                       {"nl", reads_first, nl_flags},
                                       {"sed", sed, {}}};

ParsedCommand classify(const Argv& words) {
  if (words.empty()) return unknown(words);
  Words args = Words(words).subspan(1);
  if (is_python(words[0])) return python(words, args);
  auto row = std::find_if(std::begin(command_rows), std::end(command_rows),
                          [&](const CommandRow& r) { return r.program == words[0]; });
  return row != std::end(command_rows) ? row->reading(words, args, row->flags) : unknown(words);
}

/// What xargs runs.
Words xargs_command(Words args) {
  static constexpr std::string_view with_value[] = {"-E", "-e", "-I", "-L", "-n", "-P", "-s"};
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--") return args.subspan(i + 1);
    if (!args[i].starts_with('-')) return args.subspan(i);
    if (is_among(args[i], with_value)) ++i;
  }
  return {};
}

bool edits_in_place(Words command) {
  static constexpr std::string_view editors[] = {"perl", "ruby", "sed"};
  if (command.empty()) return false;
  auto has = [&](auto is_sign) { return std::any_of(command.begin() + 1, command.end(), is_sign); };
  if (command[0] == "rg") return has([](const auto& arg) { return arg == "--replace"; });
  if (!is_among(command[0], editors)) return false;
  return has([&](const auto& arg) {
    return arg.starts_with("-i") || arg.starts_with("-pi") || (command[0] == "sed" && arg == "--in-place");
  });
}

/// Commands that only shape what others print.
bool is_formatting(const Argv& words) {
  static constexpr std::string_view always[] = {"wc", "tr", "cut", "sort", "uniq", "tee", "column", "yes", "printf"};
  if (words.empty()) return false;
  const auto& program = words[0];
  Words args = Words(words).subspan(1);
  if (is_among(program, always)) return true;
  if (program == "xargs") return !edits_in_place(xargs_command(args));
  if (program == "awk") return !awk_file(args);
  if (program == "sed") return !sed_file(args);
  if (program != "head" && program != "tail") return false;
  if (args.empty()) return true;
  if (args.size() == 1) return args[0].starts_with('-');
  return args.size() == 2 && (args[0] == "-n" || args[0] == "-c") && is_count(args[1], program == "tail");
}

/// The folder of `cd`: the last word that is no flag, or the one behind "--".
Text cd_target(Words args) {
  Text target;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--") return i + 1 < args.size() ? Text(args[i + 1]) : std::nullopt;
    if (!args[i].starts_with('-')) target = args[i];
  }
  return target;
}

struct Entry {
  ParsedCommand reading;
  const Argv* words;
};

/// Steps 3 and 4: each command by itself, with relative read paths below the folder that `cd` chose.
std::vector<Entry> read_all(const std::vector<Argv>& commands) {
  std::vector<Entry> out;
  Text base;
  for (const auto& words : commands) {
    if (!words.empty() && words[0] == "cd") {
      if (auto dir = cd_target(Words(words).subspan(1))) base = base ? path::join(*base, *dir) : *dir;
      continue;
    }
    auto reading = classify(words);
    if (auto* read = std::get_if<ParsedRead>(&reading); read != nullptr && base)
      read->path = path::join(*base, read->path);
    out.push_back({std::move(reading), &words});
  }
  return out;
}

bool is_true(const Entry& entry) { return entry.words->size() == 1 && entry.words->front() == "true"; }

bool is_bare_nl(const Entry& entry) {
  const auto& words = *entry.words;
  return !words.empty() && words[0] == "nl" &&
         std::all_of(words.begin() + 1, words.end(), [](const auto& word) { return word.starts_with('-'); });
}

/// Step 5: what only frames the others goes, as long as something stays.
void simplify(std::vector<Entry>& entries) {
  std::vector<Entry> kept;
  std::size_t left = entries.size();
  for (auto& entry : entries) {
    bool leading_echo = kept.empty() && !entry.words->empty() && entry.words->front() == "echo";
    if (left > 1 && (leading_echo || is_true(entry) || is_bare_nl(entry))) {
      --left;
    } else {
      kept.push_back(std::move(entry));
    }
  }
  entries = std::move(kept);
}

bool is_connector(std::string_view word) { return word == "&&" || word == "||" || word == "|" || word == ";"; }

void set_cmd(ParsedCommand& reading, const std::string& cmd) {
  std::visit(
      [&](auto& r) {
        if constexpr (requires { r.cmd; }) r.cmd = cmd;
      },
      reading);
}

/// Step 6: the only entry of a script speaks for all of it, unless it was picked out of several commands.
void attribute(Entry& only, const std::string& script, bool several) {
  auto words = shell_split(script).value_or(std::vector<std::string>{script});
  if (!several && std::none_of(words.begin(), words.end(), is_connector)) {
    set_cmd(only.reading, shell_join(words));
    return;
  }
  static constexpr std::string_view sed_n[] = {"sed", "-n"};
  bool pipe = std::find(words.begin(), words.end(), "|") != words.end();
  bool range = std::search(words.begin(), words.end(), std::begin(sed_n), std::end(sed_n)) != words.end();
  if (std::holds_alternative<ParsedRead>(only.reading) && pipe && range) set_cmd(only.reading, script);
}

std::vector<Entry> read_script(const std::vector<Argv>& commands) {
  auto entries = read_all(commands);
  if (entries.size() > 1) {
    std::erase_if(entries, is_true);
    simplify(entries);
  }
  return entries;
}

/// The words of an argv that is no shell script, at the connectors that it may hold.
std::vector<Argv> split_words(const Argv& argv) {
  static constexpr std::string_view answers[] = {"yes", "y", "no", "n"};
  Words words = argv;
  if (words.size() >= 2 && is_among(words[0], answers) && words[1] == "|") words = words.subspan(2);
  std::vector<Argv> out(1);
  for (const auto& word : words) {
    if (!is_connector(word)) {
      out.back().push_back(word);
    } else if (!out.back().empty()) {
      out.emplace_back();
    }
  }
  if (out.size() > 1 && out.back().empty()) out.pop_back();
  return out;
}

/// Equal neighbours collapse; one part that is not understood makes the whole unknown.
std::vector<ParsedCommand> finish(std::vector<Entry> entries, const std::string& whole) {
  std::vector<ParsedCommand> out;
  for (auto& entry : entries) {
    if (std::holds_alternative<ParsedUnknown>(entry.reading)) return {ParsedUnknown{whole}};
    if (out.empty() || out.back() != entry.reading) out.push_back(std::move(entry.reading));
  }
  return out;
}

}  // namespace parsed_cmd_detail

using namespace parsed_cmd_detail;

std::vector<wire::ParsedCommand> parse_command(const Argv& argv) {
  if (auto script = posix_script_of(argv)) {
    auto commands = plain_commands(*script);
    if (!commands) return {ParsedUnknown{argv[2]}};
    bool several = commands->size() > 1;
    std::erase_if(*commands, is_formatting);
    if (commands->empty()) return {ParsedUnknown{argv[2]}};
    auto entries = read_script(*commands);
    if (entries.size() == 1) attribute(entries[0], argv[2], several);
    return finish(std::move(entries), argv[2]);
  }
  if (!argv.empty() && shell_kind(argv[0]) == ShellKind::powershell) {
    if (auto script = script_of(argv)) return {ParsedUnknown{*script}};
  }
  auto commands = split_words(argv);
  auto entries = read_all(commands);
  simplify(entries);
  return finish(std::move(entries), shell_join(argv));
}

}  // namespace burin::sandbox
