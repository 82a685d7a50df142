#include "cli/completion.h"

#include "base/text.h"
#include "cli/arguments.h"

namespace burin::cli {

namespace completion_detail {

/// One command with its words on the way from the root ("burin exec resume").
struct Node {
  std::string path;
  const CommandInfo* info;
};

void collect(const CommandInfo& info, const std::string& path, std::vector<Node>& out) {
  out.push_back({path, &info});
  for (const auto& sub : info.subcommands) collect(sub, path + " " + sub.name, out);
}

/// Everything that may follow a command, options and subcommands.
std::vector<std::string> words(const CommandInfo& info) {
  std::vector<std::string> out;
  for (const auto& o : info.options) out.insert(out.end(), o.names.begin(), o.names.end());
  for (const auto& sub : info.subcommands) out.push_back(sub.name);
  return out;
}

std::string in_single_quotes(std::string_view text) { return "'" + replace_all(text, "'", "''") + "'"; }

/// The arms of the shell's `case "$path $word"` that walk down to the subcommand being typed.
std::string path_cases(const std::vector<Node>& nodes) {
  std::string out;
  for (const auto& n : nodes) {
    if (n.path != "burin") out += fmt::format("      \"{0}\") path=\"{0}\" ;;\n", n.path);
  }
  return out;
}

std::string bash(const std::vector<Node>& nodes) {
  std::string out =
      "_burin() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" path=burin word i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=\"${COMP_WORDS[i]}\"\n"
      "    case \"$path $word\" in\n";
  out += path_cases(nodes);
  out += "    esac\n  done\n  case \"$path\" in\n";
  for (const auto& n : nodes) {
    out +=
        fmt::format("    \"{}\") COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")) ;;\n", n.path, join(words(*n.info), " "));
  }
  out += "  esac\n  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$cur\"))\n}\n";
  return out + "complete -o filenames -F _burin burin\n";
}

std::string zsh(const std::vector<Node>& nodes) {
  std::string out =
      "#compdef burin\n"
      "_burin() {\n"
      "  local path=burin word i\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    word=\"${words[i]}\"\n"
      "    case \"$path $word\" in\n";
  out += path_cases(nodes);
  out += "    esac\n  done\n  local -a entries\n  case \"$path\" in\n";
  for (const auto& n : nodes) {
    out += fmt::format("    \"{}\") entries=(\n", n.path);
    auto entry = [&](std::string_view name, std::string_view description) {
      out +=
          fmt::format("      {}\n", in_single_quotes(fmt::format("{}:{}", name, replace_all(description, ":", "\\:"))));
    };
    for (const auto& o : n.info->options) {
      for (const auto& name : o.names) entry(name, o.description);
    }
    for (const auto& sub : n.info->subcommands) entry(sub.name, sub.description);
    out += "    ) ;;\n";
  }
  out += "  esac\n  _describe 'burin' entries || _files\n}\n";
  return out + "compdef _burin burin\n";
}

std::string fish(const std::vector<Node>& nodes) {
  std::string out;
  for (const auto& n : nodes) {
    auto parts = split(n.path, ' ');
    std::string condition;
    if (parts.size() == 1) {
      condition = "__fish_use_subcommand";
    } else {
      condition = fmt::format("__fish_seen_subcommand_from {}", parts.back());
    }
    auto quoted = [](std::string_view t) { return "'" + replace_all(replace_all(t, "\\", "\\\\"), "'", "\\'") + "'"; };
    for (const auto& o : n.info->options) {
      out += fmt::format("complete -c burin -n {}", quoted(condition));
      for (const auto& name : o.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      out += fmt::format(" -d {}{}\n", quoted(o.description), o.takes_value ? " -r" : "");
    }
    for (const auto& sub : n.info->subcommands) {
      out +=
          fmt::format("complete -c burin -n {} -f -a {} -d {}\n", quoted(condition), sub.name, quoted(sub.description));
    }
  }
  return out;
}

std::string powershell(const std::vector<Node>& nodes) {
  std::string out =
      "Register-ArgumentCompleter -Native -CommandName 'burin' -ScriptBlock {\n"
      "  param($word, $ast, $position)\n"
      "  $table = @{\n";
  for (const auto& n : nodes) {
    std::vector<std::string> quoted;
    for (const auto& w : words(*n.info)) quoted.push_back(in_single_quotes(w));
    out += fmt::format("    {} = @({})\n", in_single_quotes(n.path), join(quoted, ", "));
  }
  return out +
         "  }\n"
         "  $path = 'burin'\n"
         "  foreach ($element in $ast.CommandElements | Select-Object -Skip 1) {\n"
         "    $next = \"$path $($element.ToString())\"\n"
         "    if ($table.ContainsKey($next)) { $path = $next }\n"
         "  }\n"
         "  $table[$path] | Where-Object { $_ -like \"$word*\" } | ForEach-Object {\n"
         "    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)\n"
         "  }\n"
         "}\n";
}

std::string elvish(const std::vector<Node>& nodes) {
  std::string out = "set edit:completion:arg-completer[burin] = {|@words|\n  var table = [\n";
  for (const auto& n : nodes) {
    std::vector<std::string> quoted;
    for (const auto& w : words(*n.info)) quoted.push_back(in_single_quotes(w));
    out += fmt::format("    &{}=[{}]\n", in_single_quotes(n.path), join(quoted, " "));
  }
  return out +
         "  ]\n"
         "  var path = burin\n"
         "  for word $words[1..-1] {\n"
         "    var next = $path' '$word\n"
         "    if (has-key $table $next) { set path = $next }\n"
         "  }\n"
         "  all $table[$path]\n"
         "}\n";
}

}  // namespace completion_detail

std::string completion_script(std::string_view shell) {
  using namespace completion_detail;
  CommandInfo root = describe_commands();
  std::vector<Node> nodes;
  collect(root, "burin", nodes);
  if (shell == "zsh") return zsh(nodes);
  if (shell == "fish") return fish(nodes);
  if (shell == "powershell") return powershell(nodes);
  if (shell == "elvish") return elvish(nodes);
  return bash(nodes);
}

}  // namespace burin::cli
