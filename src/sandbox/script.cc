#include "sandbox/script.h"

#include <algorithm>

#include <tree_sitter/api.h>

#include "base/text.h"
#include "sandbox/shell.h"

extern "C" const TSLanguage* tree_sitter_bash();

namespace burin::sandbox {

namespace script_detail {

/// Scripts come from the model: one that is made to confuse the parser must not stop the loop.
constexpr std::uint64_t parse_limit_us = 1'000'000;

/// A script with its syntax tree.
class Parsed {
 public:
  explicit Parsed(std::string_view script) : script_(script) {
    // A NUL would end the script for the shell, and the grammar and bash would differ on ill-formed text.
    if (script.find('\0') != std::string_view::npos || script.size() > UINT32_MAX || !utf8_valid(script)) return;
    TSParser* parser = ts_parser_new();
    ts_parser_set_timeout_micros(parser, parse_limit_us);
    if (ts_parser_set_language(parser, tree_sitter_bash())) {
      tree_ = ts_parser_parse_string(parser, nullptr, script.data(), static_cast<std::uint32_t>(script.size()));
    }
    ts_parser_delete(parser);
  }
  ~Parsed() {
    if (tree_ != nullptr) ts_tree_delete(tree_);
  }
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;

  bool ok() const { return tree_ != nullptr && !ts_node_has_error(root()); }
  TSNode root() const { return ts_tree_root_node(tree_); }
  std::string_view text(TSNode node) const { return between(ts_node_start_byte(node), ts_node_end_byte(node)); }
  std::string_view between(std::uint32_t from, std::uint32_t to) const {
    return from < to ? script_.substr(from, to - from) : std::string_view();
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(script_.size()); }

 private:
  std::string_view script_;
  TSTree* tree_ = nullptr;
};

std::string_view kind(TSNode node) { return ts_node_type(node); }

template <std::size_t N>
bool one_of(std::string_view what, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), what) != std::end(list);
}

/// All children in order; by cursor, because asking for child i walks over all before it.
std::vector<TSNode> children(TSNode node, bool named_only = false) {
  std::vector<TSNode> out;
  out.reserve(ts_node_child_count(node));
  TSTreeCursor cursor = ts_tree_cursor_new(node);
  for (bool more = ts_tree_cursor_goto_first_child(&cursor); more; more = ts_tree_cursor_goto_next_sibling(&cursor)) {
    TSNode child = ts_tree_cursor_current_node(&cursor);
    if (!named_only || ts_node_is_named(child)) out.push_back(child);
  }
  ts_tree_cursor_delete(&cursor);
  return out;
}

enum class Walk : unsigned char { into, over, stop };

/// Calls `visit` for the nodes below and including `root`, parents first and in source order; false when it stopped.
/// Without recursion: chains of && nest as deep as they are long.
template <class F>
bool walk(TSNode root, F visit) {
  TSTreeCursor cursor = ts_tree_cursor_new(root);
  bool finished = false, stopped = false;
  while (!finished) {
    Walk next = visit(ts_tree_cursor_current_node(&cursor));
    if (next == Walk::stop) {
      stopped = true;
      break;
    }
    if (next == Walk::into && ts_tree_cursor_goto_first_child(&cursor)) continue;
    while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
      if (!ts_tree_cursor_goto_parent(&cursor)) {
        finished = true;
        break;
      }
    }
  }
  ts_tree_cursor_delete(&cursor);
  return !stopped;
}

/// True when `text` holds one of `chars` that no backslash precedes.
bool has_unescaped(std::string_view text, std::string_view chars) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (chars.find(text[i]) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// What stands between two tokens, without line continuations; nullopt when anything but blanks and newlines does.
/// The grammar takes more for white space than bash, for which a carriage return is part of a word.
std::optional<std::string> gap(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
    } else if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n') {
      out += text[i];
    } else {
      return std::nullopt;
    }
  }
  return out;
}

/// The grammar loses a lone "-" that stands right before "<<"; nullopt when anything else is lost.
std::optional<bool> lost_dash(const Parsed& parsed, TSNode statement) {
  bool dash = false;
  std::uint32_t end = ts_node_start_byte(statement);
  for (TSNode child : children(statement)) {
    auto between = parsed.between(end, ts_node_start_byte(child));
    end = ts_node_end_byte(child);
    if (gap(between)) continue;
    if (dash || kind(child) != "heredoc_redirect" || trim(between) != "-") return std::nullopt;
    dash = true;
  }
  return dash;
}

std::optional<std::string> double_quoted(const Parsed& parsed, TSNode node) {
  for (TSNode part : children(node)) {
    if (kind(part) != "string_content" && kind(part) != "\"") return std::nullopt;
  }
  auto raw = parsed.text(node);
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::nullopt;
  raw = raw.substr(1, raw.size() - 2);
  if (has_unescaped(raw, "$`\"")) return std::nullopt;
  return std::string(raw);
}

std::optional<std::string> single_quoted(const Parsed& parsed, TSNode node) {
  auto raw = parsed.text(node);
  if (raw.size() < 2 || raw.front() != '\'' || raw.back() != '\'') return std::nullopt;
  raw = raw.substr(1, raw.size() - 2);
  if (raw.find('\'') != std::string_view::npos) return std::nullopt;
  return std::string(raw);
}

/// A word without anything to expand. The second look at its characters guards against a grammar that is laxer than
/// bash.
std::optional<std::string> bare_word(const Parsed& parsed, TSNode node) {
  auto text = parsed.text(node);
  if (ts_node_named_child_count(node) != 0 || text.empty() || has_unescaped(text, "$`\"'<>()&|; \t\n")) {
    return std::nullopt;
  }
  return std::string(text);
}

std::optional<std::string> literal(const Parsed& parsed, TSNode node) {
  auto type = kind(node);
  if (type == "word" || type == "number") return bare_word(parsed, node);
  if (type == "string") return double_quoted(parsed, node);
  if (type == "raw_string") return single_quoted(parsed, node);
  if (type != "concatenation") return std::nullopt;
  std::string joined;
  std::uint32_t end = ts_node_start_byte(node);
  for (TSNode part : children(node)) {
    auto value = kind(part) == "concatenation" ? std::nullopt : literal(parsed, part);
    if (!value || ts_node_start_byte(part) != end) return std::nullopt;
    joined += *value;
    end = ts_node_end_byte(part);
  }
  if (joined.empty()) return std::nullopt;
  return joined;
}

std::optional<std::string> command_word(const Parsed& parsed, TSNode name) {
  auto parts = children(name);
  if (parts.size() != 1 || kind(parts[0]) != "word") return std::nullopt;
  return bare_word(parsed, parts[0]);
}

/// The words of a simple command that has nothing but literal words.
std::optional<Argv> plain_words(const Parsed& parsed, TSNode command) {
  Argv words;
  std::uint32_t end = 0;
  for (TSNode child : children(command)) {
    bool first = words.empty();
    if (first != (kind(child) == "command_name")) return std::nullopt;
    if (!first) {
      auto space = gap(parsed.between(end, ts_node_start_byte(child)));
      if (!space || space->empty() || space->find('\n') != std::string::npos) return std::nullopt;
    }
    auto word = first ? command_word(parsed, child) : literal(parsed, child);
    if (!word) return std::nullopt;
    words.push_back(std::move(*word));
    end = ts_node_end_byte(child);
  }
  if (words.empty()) return std::nullopt;
  return words;
}

/// sandbox.md 9.2: the words of a command whose input is a heredoc.
std::optional<Argv> heredoc_words(const Parsed& parsed, TSNode command) {
  static constexpr std::string_view attachments[] = {
      "variable_assignment", "comment",       "heredoc_body",        "simple_heredoc_body", "heredoc_redirect",
      "herestring_redirect", "file_redirect", "redirected_statement"};
  Argv words;
  for (TSNode child : children(command, true)) {
    TSNode word = child;
    if (one_of(kind(child), attachments)) continue;
    if (kind(child) == "command_name") {
      auto parts = children(child, true);
      if (parts.size() != 1) return std::nullopt;
      word = parts[0];
    }
    if (kind(word) != "word" && kind(word) != "number") return std::nullopt;
    auto text = bare_word(parsed, word);
    if (!text) return std::nullopt;
    words.push_back(std::move(*text));
  }
  if (words.empty()) return std::nullopt;
  return words;
}

/// The body of the heredoc, when the redirect has start, body and end and nothing else.
std::optional<std::string> whole_heredoc(const Parsed& parsed, TSNode redirect) {
  auto parts = children(redirect, true);
  if (parts.size() != 3 || kind(parts[0]) != "heredoc_start" || kind(parts[1]) != "heredoc_body" ||
      kind(parts[2]) != "heredoc_end") {
    return std::nullopt;
  }
  auto body = parsed.text(parts[1]);
  if (body.ends_with('\n')) body.remove_suffix(1);
  return std::string(body);
}

bool is_apply_patch(const Parsed& parsed, TSNode command) {
  if (kind(command) != "command") return false;
  auto words = plain_words(parsed, command);
  return words && words->size() == 1 && (words->front() == "apply_patch" || words->front() == "applypatch");
}

/// The folder of `cd <dir>`.
std::optional<std::string> cd_target(const Parsed& parsed, TSNode command) {
  if (kind(command) != "command") return std::nullopt;
  auto parts = children(command);
  if (parts.size() != 2 || kind(parts[1]) == "concatenation") return std::nullopt;
  auto words = plain_words(parsed, command);
  if (!words || words->front() != "cd" || words->back().empty()) return std::nullopt;
  return words->back();
}

bool is_posix_shell(std::string_view file) {
  auto shell = shell_kind(file);
  return shell == ShellKind::bash || shell == ShellKind::zsh || shell == ShellKind::sh;
}

}  // namespace script_detail

using namespace script_detail;

std::optional<std::vector<Argv>> plain_commands(std::string_view script) {
  static constexpr std::string_view containers[] = {"program", "list", "pipeline"};
  static constexpr std::string_view connectors[] = {"&&", "||", ";", "|", "\n"};
  Parsed parsed(script);
  if (!parsed.ok()) return std::nullopt;
  std::vector<Argv> out;
  std::uint32_t end = 0;
  auto reach = [&](std::uint32_t start) { return gap(parsed.between(end, start)).has_value(); };
  bool plain = walk(parsed.root(), [&](TSNode node) {
    if (ts_node_is_named(node) && one_of(kind(node), containers)) return Walk::into;
    if (!reach(ts_node_start_byte(node))) return Walk::stop;
    end = ts_node_end_byte(node);
    if (!ts_node_is_named(node)) return one_of(kind(node), connectors) ? Walk::over : Walk::stop;
    auto words = kind(node) == "command" ? plain_words(parsed, node) : std::nullopt;
    if (!words) return Walk::stop;
    out.push_back(std::move(*words));
    return Walk::over;
  });
  if (!plain || out.empty() || !reach(parsed.size())) return std::nullopt;
  return out;
}

std::optional<std::string_view> posix_script_of(const Argv& argv) {
  if (argv.size() != 3 || (argv[1] != "-lc" && argv[1] != "-c") || !is_posix_shell(argv[0])) return std::nullopt;
  return argv[2];
}

std::optional<std::vector<Argv>> plain_commands_of(const Argv& argv) {
  auto script = posix_script_of(argv);
  return script ? plain_commands(*script) : std::nullopt;
}

std::optional<Argv> heredoc_command(std::string_view script) {
  static constexpr std::string_view parts[] = {"heredoc_start", "heredoc_body",        "heredoc_end",
                                               "file_redirect", "herestring_redirect", "file_descriptor"};
  Parsed parsed(script);
  if (!parsed.ok()) return std::nullopt;
  bool heredoc = false, dash = false;
  std::optional<TSNode> command;
  bool single = walk(parsed.root(), [&](TSNode node) {
    if (kind(node) == "heredoc_redirect") {
      heredoc = true;
      // Words behind the heredoc are arguments of the command, which its node does not tell.
      for (TSNode part : children(node, true)) {
        if (!one_of(kind(part), parts)) return Walk::stop;
      }
    }
    if (kind(node) == "redirected_statement") {
      auto lost = lost_dash(parsed, node);
      if (!lost) return Walk::stop;
      dash = dash || *lost;
    }
    if (kind(node) != "command") return Walk::into;
    if (command) return Walk::stop;
    command = node;
    return Walk::into;
  });
  if (!single || !heredoc || !command) return std::nullopt;
  auto words = heredoc_words(parsed, *command);
  if (words && dash) words->emplace_back("-");
  return words;
}

HeredocResult heredoc_patch(std::string_view script) {
  HeredocResult result;
  // Most scripts are spared the parser.
  if (script.find("<<") == std::string_view::npos) return result;
  Parsed parsed(script);
  if (!parsed.ok()) {
    result.unparsable = true;
    return result;
  }
  auto statements = children(parsed.root());
  std::erase_if(statements, [](TSNode node) { return kind(node) == "\n"; });
  if (statements.size() != 1 || kind(statements[0]) != "redirected_statement") return result;
  auto parts = children(statements[0]);
  if (parts.size() != 2 || kind(parts[1]) != "heredoc_redirect" || lost_dash(parsed, statements[0]) != false) {
    return result;
  }
  auto body = whole_heredoc(parsed, parts[1]);
  if (!body) return result;
  if (is_apply_patch(parsed, parts[0])) {
    result.patch = HeredocPatch{std::move(*body), std::nullopt};
    return result;
  }
  if (kind(parts[0]) != "list") return result;
  auto list = children(parts[0]);
  if (list.size() != 3 || kind(list[1]) != "&&" || !is_apply_patch(parsed, list[2])) return result;
  if (auto dir = cd_target(parsed, list[0])) result.patch = HeredocPatch{std::move(*body), std::move(dir)};
  return result;
}

std::optional<std::string> script_of(const Argv& argv) {
  if (argv.size() < 3 || argv.size() > 4) return std::nullopt;
  auto name = path::name(argv[0]);
  if (auto dot = name.rfind('.'); dot != std::string_view::npos && dot != 0) name = name.substr(0, dot);
  auto is = [&](std::string_view shell) { return equals_ignore_case(name, shell); };
  const auto& flag = argv[argv.size() - 2];
  const bool powershell = is("pwsh") || is("powershell");
  if (argv.size() == 4 && !(powershell && equals_ignore_case(argv[1], "-NoProfile"))) return std::nullopt;
  const bool unix_shell = (is("bash") || is("zsh") || is("sh")) && (flag == "-lc" || flag == "-c");
  if (unix_shell || (powershell && equals_ignore_case(flag, "-Command")) ||
      (is("cmd") && equals_ignore_case(flag, "/c"))) {
    return argv.back();
  }
  return std::nullopt;
}

}  // namespace burin::sandbox
