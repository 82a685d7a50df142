#include "testkit/program_options.h"

#include "base/text.h"

namespace burin::testkit {

namespace program_options_detail {

Result<std::uint64_t> count_of(std::string_view name, std::string_view text, std::uint64_t low, std::uint64_t high) {
  auto n = parse_uint(text);
  if (n && *n >= low && *n <= high) return *n;
  return fail(Kind::invalid, fmt::format("{}: \"{}\" is not a number from {} to {}", name, text, low, high));
}

using Set = Result<> (*)(ProgramOptions&, const std::string&);
struct Option {
  std::string_view name;
  bool takes_value;
  Set set;
};

Result<> set_script(ProgramOptions& o, const std::string& v) {
  if (!o.script.empty()) return fail(Kind::invalid, fmt::format("two scripts: {} and {}", o.script, v), "give one");
  o.script = v;
  return {};
}

constexpr Option options[] = {
    {"--script", true, set_script},
    {"--log", true, [](ProgramOptions& o, const std::string& v) { return o.log = v, Result<>(); }},
    {"--ready-file", true, [](ProgramOptions& o, const std::string& v) { return o.ready_file = v, Result<>(); }},
    {"--port", true,
     [](ProgramOptions& o, const std::string& v) -> Result<> {
       TRY(auto port, count_of("--port", v, 0, 65535));
       o.port = static_cast<std::uint16_t>(port);
       return {};
     }},
    {"--exit-after", true,
     [](ProgramOptions& o, const std::string& v) -> Result<> {
       TRY(o.exit_after, count_of("--exit-after", v, 1, 1'000'000'000));
       return {};
     }},
    {"--timeout", true,
     [](ProgramOptions& o, const std::string& v) -> Result<> {
       auto seconds = parse_double(v);
       if (!seconds || !(*seconds >= 0 && *seconds <= 1e8)) {
         return fail(Kind::invalid, fmt::format("--timeout: \"{}\" is not a number of seconds", v));
       }
       o.timeout_s = *seconds;
       return {};
     }},
    {"--repeat-last", false, [](ProgramOptions& o, const std::string&) { return o.repeat_last = true, Result<>(); }},
    {"--strict", false, [](ProgramOptions& o, const std::string&) { return o.strict = true, Result<>(); }},
    {"--help", false, [](ProgramOptions& o, const std::string&) { return o.help = true, Result<>(); }},
    {"-h", false, [](ProgramOptions& o, const std::string&) { return o.help = true, Result<>(); }},
};

}  // namespace program_options_detail

Result<ProgramOptions> parse_program_options(const std::vector<std::string>& args) {
  using namespace program_options_detail;
  ProgramOptions out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!args[i].starts_with("-")) {
      CHECK(set_script(out, args[i]));
      continue;
    }
    auto equals = args[i].find('=');
    std::string name = args[i].substr(0, equals);
    const auto* option =
        std::find_if(std::begin(options), std::end(options), [&](const Option& o) { return o.name == name; });
    if (option == std::end(options)) return fail(Kind::invalid, fmt::format("unknown option {}", name), "see --help");
    std::string value;
    if (option->takes_value && equals != std::string::npos) {
      value = args[i].substr(equals + 1);
    } else if (option->takes_value) {
      if (++i == args.size()) return fail(Kind::invalid, name + " needs a value", "see --help");
      value = args[i];
    } else if (equals != std::string::npos) {
      return fail(Kind::invalid, name + " takes no value", "see --help");
    }
    CHECK(option->set(out, value));
  }
  if (out.script.empty() && !out.help) return fail(Kind::invalid, "no script was given", "see --help");
  return out;
}

std::string_view program_usage() {
  return "A scripted model server for testing agents.\n"
         "\n"
         "Usage: burin mock-server [OPTIONS] SCRIPT\n"
         "\n"
         "SCRIPT is a JSON file with what to answer. Prints `listening http://127.0.0.1:PORT/v1` when it is ready.\n"
         "\n"
         "  --script FILE      the script, instead of SCRIPT\n"
         "  --port N           listen there (default: a free port)\n"
         "  --log FILE         write what happens, one JSON line for each fact\n"
         "  --ready-file FILE  write the `listening` line there, too\n"
         "  --repeat-last      when the responses are used up, give the last one again\n"
         "  --strict           unmatched requests and unused responses count as problems\n"
         "  --exit-after N     end after N answers to POST .../responses\n"
         "  --timeout S        end after S seconds\n"
         "  -h, --help         this text\n"
         "\n"
         "Exit status: 0 all went as scripted, 1 there were problems, 2 could not start.\n";
}

}  // namespace burin::testkit
