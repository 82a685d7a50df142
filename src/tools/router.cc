#include "tools/router.h"

#include "base/log.h"

namespace burin::tools {

namespace router_detail {

wire::ResponseItem output_item(const ToolCall& call, wire::FunctionOutput body) {
  if (call.payload == Payload::custom) {
    wire::CustomToolCallOutput out;
    out.call_id = call.call_id;
    out.output = std::move(body);
    return out;
  }
  wire::FunctionCallOutput out;
  out.call_id = call.call_id;
  out.output = std::move(body);
  return out;
}

/// tools.md 1.5: what the model reads of a call that was stopped.
std::string aborted_text(const ToolCall& call, io::Span elapsed) {
  double seconds = std::max(io::to_seconds(elapsed), 0.1);
  for (std::string_view name : {"shell", "container.exec", "local_shell", "shell_command", "unified_exec"}) {
    if (call.name == name) return fmt::format("Wall time: {:.1f} seconds\naborted by user", seconds);
  }
  return fmt::format("aborted by user after {:.1f}s", seconds);
}

io::Task<ToolResult> run_tool(Tool& tool, ToolCall call, ToolContext& context, bool shared, io::FairLock& lock) {
  auto guard = co_await lock.acquire(shared);
  if (tool.mutating(call, context)) co_await context.host.durable();
  co_return co_await tool.run(std::move(call), context);
}

}  // namespace router_detail

using namespace router_detail;

std::optional<CallOf> call_of(const wire::ResponseItem& item) {
  CallOf out;
  if (const auto* f = std::get_if<wire::FunctionCall>(&item)) {
    out.call = {f->call_id, f->name, Payload::function, f->arguments, {}};
    return out;
  }
  if (const auto* c = std::get_if<wire::CustomToolCall>(&item)) {
    out.call = {c->call_id, c->name, Payload::custom, c->input, {}};
    return out;
  }
  if (const auto* l = std::get_if<wire::LocalShellCall>(&item)) {
    std::optional<std::string> id = l->call_id ? std::optional<std::string>(*l->call_id) : l->id;
    out.call = {id.value_or(""), "local_shell", Payload::local_shell, {}, std::get<wire::LocalShellExec>(l->action)};
    if (!id) out.problem = "LocalShellCall without call_id or id";
    return out;
  }
  return std::nullopt;
}

io::Task<std::optional<wire::ResponseItem>> dispatch(ToolCall call, ToolContext& context, const Registry& registry,
                                                     io::FairLock& lock) {
  io::Time received = context.world.loop.now();
  Tool* tool = registry.find(call.name);
  if (tool == nullptr) {
    bool custom = call.payload == Payload::custom;
    auto text = fmt::format("{}: {}", custom ? "unsupported custom tool call" : "unsupported call", call.name);
    co_return output_item(call, {std::move(text), std::nullopt});
  }
  if (!tool->takes(call.payload)) {
    log(Level::error, "tools", "tool {} invoked with incompatible payload", call.name);
    co_return std::nullopt;
  }
  try {
    auto result = co_await run_tool(*tool, call, context, registry.parallel(call.name), lock);
    if (!result) {
      log(Level::error, "tools", "tool {} failed: {}", call.name, result.error().text());
      co_return std::nullopt;
    }
    co_return output_item(call, std::move(result->body));
  } catch (const io::Cancelled&) {
  }
  co_return output_item(call, {aborted_text(call, context.world.loop.now() - received), std::nullopt});
}

}  // namespace burin::tools
