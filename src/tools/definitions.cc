#include "tools/definitions.h"

#include "base/json.h"
#include "prompts.h"

namespace burin::tools::definitions {

namespace definitions_detail {

json::value described(std::string_view type, std::string_view description) {
  json::object o;
  o["type"] = type;
  if (!description.empty()) o["description"] = description;
  return o;
}
json::value text(std::string_view description = {}) { return described("string", description); }
json::value number(std::string_view description = {}) { return described("number", description); }
json::value flag(std::string_view description = {}) { return described("boolean", description); }
json::value list(json::value items, std::string_view description = {}) {
  json::object o;
  o["type"] = "array";
  o["items"] = std::move(items);
  if (!description.empty()) o["description"] = description;
  return o;
}

/// An object schema; property keys sorted, as they always go out.
json::value object(std::map<std::string, json::value> properties, std::vector<std::string> required) {
  json::object p;
  for (auto& [name, schema] : properties) p[name] = std::move(schema);
  json::object o;
  o["type"] = "object";
  o["properties"] = std::move(p);
  if (!required.empty()) o["required"] = json::array(required.begin(), required.end());
  o["additionalProperties"] = false;
  return o;
}

std::string function(std::string_view name, std::string_view description, json::value parameters) {
  std::string out = "{\"type\":\"function\",\"name\":";
  write_json_string(out, name);
  out += ",\"description\":";
  write_json_string(out, description);
  out += ",\"strict\":false,\"parameters\":";
  write_json(out, parameters);
  out += '}';
  return out;
}

/// The parameters by which every command tool asks for more than the sandbox gives.
void add_approval(std::map<std::string, json::value>& p) {
  p["sandbox_permissions"] = text(
      "Sandbox permissions for this command: \"use_default\", or \"require_escalated\" to ask to run it without the "
      "sandbox. Default: use_default.");
  p["justification"] = text(
      "Only with sandbox_permissions = \"require_escalated\": a short question to the user, saying what the command "
      "does "
      "and why it is needed, such as \"Do you want to download the packages this project needs?\"");
  p["prefix_rule"] = list(text(),
                          "Only with sandbox_permissions = \"require_escalated\": the first words of the command as a "
                          "reusable prefix that the user may allow for similar commands, such as [\"git\", \"pull\"].");
}

constexpr std::string_view login_text = "Whether to run the shell with login semantics (-l). Default: true.";

}  // namespace definitions_detail

using namespace definitions_detail;

std::string shell(const Options&) {
  std::map<std::string, json::value> p;
  p["command"] = list(text(), "The program and its arguments.");
  p["workdir"] = text("The folder to run the command in. Default: the folder of the turn.");
  p["timeout_ms"] = number("Time limit in milliseconds. Default: 10000.");
  add_approval(p);
  return function(
      "shell",
      "Runs a program and returns its output.\n"
      "- The array is handed to an exec-style call; most commands should be [\"bash\", \"-lc\", \"<script>\"].\n"
      "- Always set `workdir`; use `cd` only when there is no other way.",
      object(std::move(p), {"command"}));
}

std::string shell_command(const Options& options) {
  std::map<std::string, json::value> p;
  p["command"] = text("The script to run in the user's default shell.");
  p["workdir"] = text("The folder to run the script in. Default: the folder of the turn.");
  p["timeout_ms"] = number("Time limit in milliseconds. Default: 10000.");
  if (options.login) p["login"] = flag(login_text);
  add_approval(p);
  return function("shell_command",
                  "Runs a shell script and returns its output.\n"
                  "- Always set `workdir`; use `cd` only when there is no other way.",
                  object(std::move(p), {"command"}));
}

std::string exec_command(const Options& options) {
  std::map<std::string, json::value> p;
  p["cmd"] = text("The shell script to run.");
  p["workdir"] = text("The folder to run it in. Default: the folder of the turn.");
  p["shell"] = text("Shell program to use. Default: the user's shell.");
  p["tty"] = flag(
      "Whether to give the command a terminal. Default: false, with plain pipes and closed input. Set it to true for "
      "programs that are driven through write_stdin.");
  p["yield_time_ms"] = number("How long to wait for output before returning, in milliseconds. Default: 10000.");
  p["max_output_tokens"] = number("The most output to return, in tokens; the middle of longer output is cut out.");
  if (options.login) p["login"] = flag(login_text);
  add_approval(p);
  return function("exec_command",
                  "Runs a command. Returns its output, or a session id for write_stdin when it is still running.",
                  object(std::move(p), {"cmd"}));
}

std::string write_stdin() {
  std::map<std::string, json::value> p;
  p["session_id"] = number("The id of the running session, as exec_command returned it.");
  p["chars"] = text("Bytes to write to its input. Empty or missing: only poll for output.");
  p["yield_time_ms"] = number("How long to wait for output before returning, in milliseconds.");
  p["max_output_tokens"] = number("The most output to return, in tokens; the middle of longer output is cut out.");
  return function("write_stdin", "Writes to a running exec session and returns what it printed since the last look.",
                  object(std::move(p), {"session_id"}));
}

std::string update_plan() {
  std::map<std::string, json::value> step;
  step["step"] = text();
  step["status"] = text("One of: pending, in_progress, completed");
  std::map<std::string, json::value> p;
  p["explanation"] = text();
  p["plan"] = list(object(std::move(step), {"step", "status"}), "All steps, in order.");
  return function("update_plan",
                  "Replaces the plan that the user sees. Give every step with its status, and optionally an "
                  "explanation.\nAt most one step may be in_progress at a time.",
                  object(std::move(p), {"plan"}));
}

std::string request_user_input() {
  std::map<std::string, json::value> option;
  option["label"] = text("What the user picks (1 to 5 words).");
  option["description"] = text("One sentence on what choosing it means.");
  std::map<std::string, json::value> question;
  question["id"] = text("Stable name of the question in snake_case; the answer comes back under it.");
  question["header"] = text("Short heading (at most 12 characters).");
  question["question"] = text("The question, one sentence.");
  question["options"] =
      list(object(std::move(option), {"label", "description"}),
           "2 to 3 choices that exclude each other, the recommended one first with \"(Recommended)\" behind its label. "
           "Do not add an \"Other\" choice: the client always offers free text.");
  std::map<std::string, json::value> p;
  p["questions"] = list(object(std::move(question), {"id", "header", "question", "options"}),
                        "The questions to show; prefer 1, never more than 3.");
  return function("request_user_input",
                  "Asks the user one to three short questions and waits for the answers. Available in Plan mode only.",
                  object(std::move(p), {"questions"}));
}

std::string apply_patch_function() {
  std::map<std::string, json::value> p;
  p["input"] = text("The whole patch, from *** Begin Patch to *** End Patch.");
  return function("apply_patch", prompts::apply_patch, object(std::move(p), {"input"}));
}

std::string apply_patch_freeform() {
  std::string out = "{\"type\":\"custom\",\"name\":\"apply_patch\",\"description\":";
  write_json_string(out,
                    "Use the `apply_patch` tool to edit files. This is a FREEFORM tool: send the patch itself, not "
                    "wrapped in JSON.");
  out += ",\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":";
  write_json_string(out, prompts::apply_patch_grammar);
  out += "}}";
  return out;
}

std::string view_image() {
  std::map<std::string, json::value> p;
  p["path"] = text("Path of the image file.");
  return function(
      "view_image",
      "Shows you an image from the file system. Use it only for a path that the user gave or that you found, "
      "when the picture itself matters and is not attached already.",
      object(std::move(p), {"path"}));
}

std::string image_generation() { return R"({"type":"image_generation"})"; }

std::string web_search(bool live) { return fmt::format(R"({{"type":"web_search","external_web_access":{}}})", live); }

std::string local_shell() { return R"({"type":"local_shell"})"; }

}  // namespace burin::tools::definitions
