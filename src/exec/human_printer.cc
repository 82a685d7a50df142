// The run as a person reads it, on stderr (cli-config.md 3.7).
#include "base/json.h"
#include "base/text.h"
#include "context/tokens.h"
#include "exec/output.h"

namespace burin::exec {

namespace human_printer_detail {

constexpr std::size_t max_output_lines = 20;

/// Wraps text in escape sequences when colours are on.
struct Style {
  bool on;
  std::string wrap(std::string_view codes, std::string_view text) const {
    if (!on) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", codes, text);
  }
  std::string bold(std::string_view t) const { return wrap("1", t); }
  std::string dim(std::string_view t) const { return wrap("2", t); }
  std::string cyan(std::string_view t) const { return wrap("36", t); }
  std::string magenta(std::string_view t) const { return wrap("35", t); }
  std::string green(std::string_view t) const { return wrap("32", t); }
  std::string red(std::string_view t) const { return wrap("31", t); }
  // Two styles nest, in the order of the reference.
  std::string heading(std::string_view t) const { return magenta(wrap("3", t)); }
  std::string italic_magenta(std::string_view t) const { return wrap("3", magenta(t)); }
};

std::string sandbox_summary(const config::Config& config) {
  std::string text;
  bool network = false;
  const auto& policy = config.sandbox_policy;
  if (std::holds_alternative<wire::DangerFullAccess>(policy)) return "danger-full-access";
  if (const auto* external = std::get_if<wire::ExternalSandbox>(&policy)) {
    text = "external-sandbox";
    network = external->network_access == wire::NetworkAccess::enabled;
  } else if (const auto* read_only = std::get_if<wire::ReadOnly>(&policy)) {
    text = "read-only";
    network = read_only->network_access;
  } else if (const auto* workspace = std::get_if<wire::WorkspaceWrite>(&policy)) {
    std::vector<std::string> roots{"workdir"};
    if (!workspace->exclude_slash_tmp) roots.emplace_back("/tmp");
    if (!workspace->exclude_tmpdir_env_var) roots.emplace_back("$TMPDIR");
    for (const auto& root : workspace->writable_roots) roots.push_back(root);
    text = fmt::format("workspace-write [{}]", join(roots, ", "));
    network = workspace->network_access;
  }
  if (network) text += " (network access enabled)";
  return text;
}

std::string approval_name(const wire::AskForApproval& approval) { return std::string(to_string(approval.mode)); }

class HumanPrinter : public Printer {
 public:
  HumanPrinter(Out& out, io::Loop& loop) : out_(out), loop_(loop), style_{out.color()} {}

  void begin(const RunInfo& info) override {
    config_ = info.config;
    model_ = info.model;
    line(fmt::format("Burin v{} (compatible with Codex {})", BURIN_VERSION, BURIN_COMPAT_VERSION));
    line("--------");
    auto entry = [&](std::string_view key, std::string_view value) {
      line(fmt::format("{} {}", style_.bold(fmt::format("{}:", key)), value));
    };
    const auto& c = *info.config;
    entry("workdir", c.cwd);
    entry("model", info.model);
    entry("provider", c.provider.id);
    entry("approval", approval_name(c.approval_policy));
    entry("sandbox", sandbox_summary(c));
    entry("reasoning effort", c.model_reasoning_effort ? to_string(*c.model_reasoning_effort) : "none");
    entry("reasoning summaries", c.model_reasoning_summary ? to_string(*c.model_reasoning_summary) : "none");
    entry("session id", info.thread_id);
    line("--------");
    line(style_.cyan("user"));
    line(info.prompt);
    began_ = true;
    for (const auto& held : early_) handle(held);
    early_.clear();
  }

  void on_event(const wire::EventMsg& event) override {
    if (!began_) {
      early_.push_back(event);
    } else {
      handle(event);
    }
  }

  void end(bool) override {
    if (!final_tokens_) return;
    const auto& u = final_tokens_->total_token_usage;
    line(style_.italic_magenta("tokens used"));
    line(with_thousands(u.input_tokens - u.cached_input_tokens + u.output_tokens));
    line(style_.dim(split(u)));
  }

 private:
  void line(std::string_view text) { out_.write(std::string(text) + "\n"); }

  /// What the sum is made of (over the whole thread), and who answered.
  std::string split(const wire::TokenUsage& u) const {
    auto text = fmt::format("input {} (cached {}), output {} (reasoning {}), {}", with_thousands(u.input_tokens),
                            with_thousands(u.cached_input_tokens), with_thousands(u.output_tokens),
                            with_thousands(u.reasoning_output_tokens), model_);
    if (!served_.empty()) text += " (also served by " + join(served_, ", ") + ")";
    if (const auto& window = final_tokens_->model_context_window) {
      text += fmt::format("; {}% of its context left",
                          context::percent_left(*window, final_tokens_->last_token_usage.total_tokens));
    }
    return text;
  }

  void handle(const wire::EventMsg& event) {
    namespace ev = wire::event;
    if (const auto* r = std::get_if<ev::AgentReasoning>(&event)) {
      if (config_->hide_agent_reasoning) return;
      line(style_.heading("thinking"));
      line(r->text);
    } else if (const auto* raw = std::get_if<ev::AgentReasoningRawContent>(&event)) {
      if (!config_->show_raw_agent_reasoning) return;
      line(style_.heading("thinking"));
      line(raw->text);
    } else if (std::holds_alternative<ev::AgentReasoningSectionBreak>(event)) {
      if (!config_->hide_agent_reasoning) line("");
    } else if (const auto* m = std::get_if<ev::AgentMessage>(&event)) {
      line(style_.heading("codex"));
      line(m->message);
    } else if (const auto* begin = std::get_if<ev::ExecCommandBegin>(&event)) {
      begin_command(*begin);
    } else if (const auto* end = std::get_if<ev::ExecCommandEnd>(&event)) {
      end_command(*end);
    } else if (const auto* patch = std::get_if<ev::PatchApplyBegin>(&event)) {
      begin_patch(*patch);
    } else if (const auto* applied = std::get_if<ev::PatchApplyEnd>(&event)) {
      end_patch(*applied);
    } else if (const auto* diff = std::get_if<ev::TurnDiff>(&event)) {
      line(style_.italic_magenta("file update:"));
      line(diff->unified_diff);
    } else if (std::holds_alternative<ev::WebSearchBegin>(event)) {
      line("🌐 Searching the web...");
    } else if (const auto* search = std::get_if<ev::WebSearchEnd>(&event)) {
      line(search->query.empty() ? "🌐 Searched the web" : fmt::format("🌐 Searched: {}", search->query));
    } else if (const auto* plan = std::get_if<ev::PlanUpdate>(&event)) {
      show_plan(*plan);
    } else if (const auto* image = std::get_if<ev::ViewImageToolCall>(&event)) {
      line(fmt::format("{} {}", style_.magenta("viewed image"), image->path));
    } else if (const auto* tokens = std::get_if<ev::TokenCount>(&event)) {
      if (tokens->info) final_tokens_ = *tokens->info;
    } else if (const auto* reroute = std::get_if<ev::ModelReroute>(&event)) {
      if (std::ranges::find(served_, reroute->to_model) == served_.end()) served_.push_back(reroute->to_model);
    } else {
      handle_notice(event);
    }
  }

  void handle_notice(const wire::EventMsg& event) {
    namespace ev = wire::event;
    if (const auto* error = std::get_if<ev::Error>(&event)) {
      failed_ = true;
      line(fmt::format("{} {}", style_.red("ERROR:"), error->message));
    } else if (const auto* warning = std::get_if<ev::Warning>(&event)) {
      line(fmt::format("{} {}", style_.bold(style_.wrap("33", "warning:")), warning->message));
    } else if (const auto* notice = std::get_if<ev::DeprecationNotice>(&event)) {
      line(fmt::format("{} {}", style_.bold(style_.magenta("deprecated:")), notice->summary));
      if (notice->details) line("  " + style_.dim(*notice->details));
    } else if (const auto* retry = std::get_if<ev::StreamError>(&event)) {
      std::string text = retry->message;
      if (retry->additional_details) text += fmt::format(" ({})", *retry->additional_details);
      line(style_.dim(text));
    } else if (const auto* background = std::get_if<ev::BackgroundEvent>(&event)) {
      line(style_.dim(background->message));
    } else if (const auto* mcp = std::get_if<ev::McpStartupComplete>(&event)) {
      mcp_summary(*mcp);
    } else if (std::holds_alternative<ev::ContextCompacted>(event)) {
      line("context compacted");
    } else if (const auto* aborted = std::get_if<ev::TurnAborted>(&event)) {
      line(aborted->reason == ev::AbortReason::interrupted ? "task interrupted"
           : aborted->reason == ev::AbortReason::replaced  ? "task aborted: replaced by a new task"
                                                           : "task aborted: review ended");
    }
  }

  void mcp_summary(const wire::event::McpStartupComplete& mcp) {
    std::vector<std::string> parts;
    if (!mcp.ready.empty()) parts.push_back("ready: " + join(mcp.ready, ", "));
    std::vector<std::string> failed;
    for (const auto& f : mcp.failed) failed.push_back(f.server);
    if (!failed.empty()) parts.push_back("failed: " + join(failed, ", "));
    if (!mcp.cancelled.empty()) parts.push_back("cancelled: " + join(mcp.cancelled, ", "));
    line(fmt::format("{} {}", style_.cyan("mcp startup:"), parts.empty() ? "no servers" : join(parts, "; ")));
  }

  void begin_command(const wire::event::ExecCommandBegin& begin) {
    out_.write(fmt::format("{}\n{} in {}", style_.heading("exec"), style_.bold(shell_join(begin.command)), begin.cwd));
  }

  void end_command(const wire::event::ExecCommandEnd& end) {
    auto time = duration_text(end.duration);
    line(end.exit_code == 0 ? style_.green(fmt::format(" succeeded in {}:", time))
                            : style_.red(fmt::format(" exited {} in {}:", end.exit_code, time)));
    line(style_.dim(fmt::format("{}", fmt::join(head(end.aggregated_output), "\n"))));
  }

  /// The first lines of an output.
  static std::vector<std::string_view> head(std::string_view output) {
    auto all = lines(output);
    if (all.size() > max_output_lines) all.resize(max_output_lines);
    return all;
  }

  void begin_patch(const wire::event::PatchApplyBegin& patch) {
    patches_[patch.call_id] = {patch.auto_approved, loop_.now()};
    line(style_.italic_magenta("file update"));
    for (const auto& [file, change] : patch.changes) {
      if (const auto* add = std::get_if<wire::FileAdd>(&change)) {
        line(style_.magenta(fmt::format("A {}", file)));
        for (auto l : lines(add->content)) line(style_.green(l));
      } else if (const auto* gone = std::get_if<wire::FileDelete>(&change)) {
        line(style_.magenta(fmt::format("D {}", file)));
        for (auto l : lines(gone->content)) line(style_.red(l));
      } else if (const auto* update = std::get_if<wire::FileUpdate>(&change)) {
        line(style_.magenta(update->move_path ? fmt::format("R {} -> {}", file, *update->move_path)
                                              : fmt::format("M {}", file)));
        for (auto l : lines(update->unified_diff)) {
          line(l.starts_with('+') ? style_.green(l) : l.starts_with('-') ? style_.red(l) : std::string(l));
        }
      }
    }
  }

  void end_patch(const wire::event::PatchApplyEnd& end) {
    auto known = patches_.extract(end.call_id);
    Patch patch = known.empty() ? Patch{false, loop_.now()} : known.mapped();
    auto ns = std::chrono::nanoseconds(loop_.now() - patch.began).count();
    wire::Duration took{static_cast<std::uint64_t>(ns / 1'000'000'000), static_cast<std::uint32_t>(ns % 1'000'000'000)};
    auto text = fmt::format("apply_patch(auto_approved={}) exited {} in {}:", patch.auto_approved, end.success ? 0 : 1,
                            duration_text(took));
    line(end.success ? style_.green(text) : style_.red(text));
    for (auto l : head(end.success ? end.stdout_text : end.stderr_text)) line(style_.dim(l));
  }

  void show_plan(const wire::event::PlanUpdate& plan) {
    line(style_.magenta("Plan update"));
    if (plan.explanation && !trim(*plan.explanation).empty()) line(style_.wrap("3", *plan.explanation));
    for (const auto& step : plan.plan) {
      if (step.status == wire::StepStatus::completed) {
        line(fmt::format("  {} {}", style_.green("✓"), step.step));
      } else if (step.status == wire::StepStatus::in_progress) {
        line(fmt::format("  {} {}", style_.cyan("→"), step.step));
      } else {
        line(fmt::format("  {} {}", style_.dim("•"), style_.dim(step.step)));
      }
    }
  }

  struct Patch {
    bool auto_approved;
    io::Time began;
  };
  Out& out_;
  io::Loop& loop_;
  Style style_;
  const config::Config* config_ = nullptr;
  bool began_ = false;
  std::vector<wire::EventMsg> early_;
  std::map<std::string, Patch> patches_;
  std::optional<wire::TokenUsageInfo> final_tokens_;
  std::string model_;
  std::vector<std::string> served_;  // other models that answered
};

}  // namespace human_printer_detail

std::unique_ptr<Printer> make_human_printer(Out& err, io::Loop& loop) {
  return std::make_unique<human_printer_detail::HumanPrinter>(err, loop);
}

}  // namespace burin::exec
