// How the command line describes itself: help pages, usage lines, and the parser's errors in the words that users of
// the reference know. Apart from arguments.cc, the only file that sees CLI11.
#pragma once
#include <memory>
#include <string>

namespace CLI {
class App;
class FormatterBase;
class ParseError;
}  // namespace CLI

namespace burin::cli {

std::shared_ptr<CLI::FormatterBase> help_formatter();

/// "burin exec resume".
std::string path_of(const CLI::App& app);
/// "burin exec resume [OPTIONS] [SESSION_ID] [PROMPT]".
std::string usage_line(const CLI::App& app);
/// The innermost command that was given.
const CLI::App& deepest(const CLI::App& app);

/// "error: …" for what went wrong at the command `where` (cli-config.md 2.4).
std::string usage_error(const CLI::ParseError& error, const CLI::App& where, int argc, char** argv);

}  // namespace burin::cli
