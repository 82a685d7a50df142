// One JSON object for each line (cli-config.md 3.8). Objects are written by hand in the order of the reference; the
// doubled `id` of web_search items could not be printed from a map at all.
#include "base/json.h"
#include "base/text.h"
#include "exec/output.h"

namespace burin::exec {

namespace json_printer_detail {

/// Appends `,"key":` and a string.
void member(std::string& out, std::string_view key, std::string_view value) {
  out += ",\"";
  out += key;
  out += "\":";
  write_json_string(out, value);
}

struct RunningCommand {
  std::string item;
  std::string command;
  std::string output;
};

class JsonPrinter : public Printer {
 public:
  explicit JsonPrinter(Out& out) : out_(out) {}

  void begin(const RunInfo& info) override {
    std::string text = "\"type\":\"thread.started\"";
    member(text, "thread_id", info.thread_id);
    print(text);
    for (const auto& held : early_) handle(held);
    early_.clear();
    began_ = true;
  }

  void on_event(const wire::EventMsg& event) override {
    if (!began_) {
      // Start-up notices come before the thread is announced; they follow its line.
      early_.push_back(event);
    } else {
      handle(event);
    }
  }

  void end(bool interrupted) override {
    for (auto& [call, running] : commands_) {
      finish_command(running, "null", "completed");
    }
    commands_.clear();
    if (plan_) item("completed", plan_id_, "todo_list", todo());
    if (interrupted) return;
    if (failure_) {
      std::string text = "\"type\":\"turn.failed\",\"error\":{\"message\":";
      write_json_string(text, *failure_);
      print(text + "}");
      return;
    }
    print(fmt::format(
        R"("type":"turn.completed","usage":{{"input_tokens":{},"cached_input_tokens":{},"output_tokens":{}}})",
        usage_.input_tokens, usage_.cached_input_tokens, usage_.output_tokens));
  }

 private:
  void print(const std::string& members) { out_.write("{" + members + "}\n"); }
  std::string next_id() { return fmt::format("item_{}", next_++); }

  /// {"type":"item.<stage>","item":{"id":…,"type":…<members>}}
  void item(std::string_view stage, const std::string& id, std::string_view type, const std::string& members) {
    print(fmt::format(R"("type":"item.{}","item":{{"id":"{}","type":"{}"{}}})", stage, id, type, members));
  }

  void handle(const wire::EventMsg& event) {
    namespace ev = wire::event;
    if (std::holds_alternative<ev::TaskStarted>(event)) {
      print("\"type\":\"turn.started\"");
    } else if (const auto* m = std::get_if<ev::AgentMessage>(&event)) {
      text_item("agent_message", "text", m->message);
    } else if (const auto* r = std::get_if<ev::AgentReasoning>(&event)) {
      text_item("reasoning", "text", r->text);
    } else if (const auto* begin = std::get_if<ev::ExecCommandBegin>(&event)) {
      begin_command(*begin);
    } else if (const auto* end = std::get_if<ev::ExecCommandEnd>(&event)) {
      end_command(*end);
    } else if (const auto* patch_begin = std::get_if<ev::PatchApplyBegin>(&event)) {
      patches_[patch_begin->call_id] = patch_begin->changes;
    } else if (const auto* patch = std::get_if<ev::PatchApplyEnd>(&event)) {
      patch_end(*patch);
    } else if (const auto* search = std::get_if<ev::WebSearchBegin>(&event)) {
      std::string id = searches_[search->call_id] = next_id();
      item("started", id, "web_search", search_members(search->call_id, "", wire::WebSearchAction{}));
    } else if (const auto* found = std::get_if<ev::WebSearchEnd>(&event)) {
      auto known = searches_.extract(found->call_id);
      item("completed", known.empty() ? next_id() : known.mapped(), "web_search",
           search_members(found->call_id, found->query, found->action));
    } else if (const auto* plan = std::get_if<ev::PlanUpdate>(&event)) {
      update_plan(*plan);
    } else if (const auto* tokens = std::get_if<ev::TokenCount>(&event)) {
      if (tokens->info) usage_ = tokens->info->total_token_usage;
    } else if (const auto* warning = std::get_if<ev::Warning>(&event)) {
      text_item("error", "message", warning->message);
    } else if (const auto* error = std::get_if<ev::Error>(&event)) {
      failed_ = true;
      failure_ = error->message;
      error_line(error->message);
    } else if (const auto* retry = std::get_if<ev::StreamError>(&event)) {
      error_line(retry->additional_details ? fmt::format("{} ({})", retry->message, *retry->additional_details)
                                           : retry->message);
    }
  }

  void error_line(std::string_view message) {
    std::string text = "\"type\":\"error\"";
    member(text, "message", message);
    print(text);
  }

  void text_item(std::string_view type, std::string_view key, std::string_view value) {
    std::string members;
    member(members, key, value);
    item("completed", next_id(), type, members);
  }

  static std::string command_members(const RunningCommand& c, std::string_view exit_code, std::string_view status) {
    std::string m;
    member(m, "command", c.command);
    member(m, "aggregated_output", c.output);
    return m + fmt::format(R"(,"exit_code":{},"status":"{}")", exit_code, status);
  }

  void begin_command(const wire::event::ExecCommandBegin& begin) {
    RunningCommand running{next_id(), shell_join(begin.command), {}};
    item("started", running.item, "command_execution", command_members(running, "null", "in_progress"));
    commands_[begin.call_id] = std::move(running);
  }

  void finish_command(const RunningCommand& running, std::string_view exit_code, std::string_view status) {
    item("completed", running.item, "command_execution", command_members(running, exit_code, status));
  }

  void end_command(const wire::event::ExecCommandEnd& end) {
    auto known = commands_.extract(end.call_id);
    RunningCommand running = known.empty() ? RunningCommand{next_id(), shell_join(end.command), {}} : known.mapped();
    running.output = end.aggregated_output;
    std::string_view status = end.exit_code == 0 ? "completed" : "failed";
    if (end.status == wire::ToolStatus::declined) status = "declined";
    finish_command(running, std::to_string(end.exit_code), status);
  }

  void patch_end(const wire::event::PatchApplyEnd& end) {
    auto known = patches_.extract(end.call_id);
    const auto& changes = known.empty() ? end.changes : known.mapped();
    std::string members = ",\"changes\":[";
    bool first = true;
    for (const auto& [file, change] : changes) {
      if (!first) members += ',';
      first = false;
      members += "{\"path\":";
      write_json_string(members, file);
      std::string_view kind = std::holds_alternative<wire::FileAdd>(change)      ? "add"
                              : std::holds_alternative<wire::FileDelete>(change) ? "delete"
                                                                                 : "update";
      member(members, "kind", kind);
      members += '}';
    }
    members += fmt::format(R"(],"status":"{}")", end.success ? "completed" : "failed");
    item("completed", next_id(), "file_change", members);
  }

  static std::string search_members(std::string_view call_id, std::string_view query,
                                    const wire::WebSearchAction& action) {
    std::string m;
    member(m, "id", call_id);
    member(m, "query", query);
    m += ",\"action\":";
    write_mapped(m, action);
    return m;
  }

  std::string todo() const {
    std::string m = ",\"items\":[";
    bool first = true;
    for (const auto& step : plan_->plan) {
      if (!first) m += ',';
      first = false;
      m += "{\"text\":";
      write_json_string(m, step.step);
      m += fmt::format(",\"completed\":{}}}", step.status == wire::StepStatus::completed);
    }
    return m + "]";
  }

  void update_plan(const wire::event::PlanUpdate& plan) {
    bool first = !plan_.has_value();
    plan_ = plan;
    if (first) plan_id_ = next_id();
    item(first ? "started" : "updated", plan_id_, "todo_list", todo());
  }

  Out& out_;
  bool began_ = false;
  std::vector<wire::EventMsg> early_;
  int next_ = 0;
  std::map<std::string, RunningCommand> commands_;
  std::map<std::string, wire::FileChanges> patches_;
  std::map<std::string, std::string> searches_;
  std::optional<wire::event::PlanUpdate> plan_;
  std::string plan_id_;
  std::optional<std::string> failure_;
  wire::TokenUsage usage_;
};

}  // namespace json_printer_detail

std::unique_ptr<Printer> make_json_printer(Out& out) { return std::make_unique<json_printer_detail::JsonPrinter>(out); }

}  // namespace burin::exec
