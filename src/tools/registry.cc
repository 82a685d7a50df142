#include "tools/registry.h"

#include "tools/definitions.h"
#include "tools/patch_tool.h"
#include "tools/plan.h"
#include "tools/shell.h"
#include "tools/unified_exec.h"
#include "tools/view_image.h"

namespace burin::tools {

Tool* Registry::find(std::string_view name) const {
  auto it = handlers_.find(name);
  return it != handlers_.end() ? it->second.get() : nullptr;
}

struct RegistryBuilder {
  Registry r;
  void handle(std::string_view name, std::shared_ptr<Tool> tool) { r.handlers_[std::string(name)] = std::move(tool); }
  void define(const std::string& json) {
    r.definitions_ += r.definitions_.empty() ? "[" : ",";
    r.definitions_ += json;
  }
  void offer(std::string_view name, const std::string& json, std::shared_ptr<Tool> tool, bool parallel) {
    define(json);
    handle(name, std::move(tool));
    if (parallel) r.parallel_.insert(std::string(name));
  }

  Registry finish() {
    r.definitions_ += ']';
    return std::move(r);
  }
  void shells(const config::Config& config, const model::ModelInfo& model);
  void patch(const config::Config& config, const model::ModelInfo& model);
};

void RegistryBuilder::shells(const config::Config& config, const model::ModelInfo& model) {
  if (!config.features.enabled(config::Feature::shell_tool)) return;
  auto argv = make_shell_tool(ShellForm::argv);
  auto script = make_shell_tool(ShellForm::script);
  // Always handled, offered or not: models know these names.
  for (auto name : {"shell", "container.exec", "local_shell"}) handle(name, argv);
  handle("shell_command", script);
  definitions::Options options{.login = config.allow_login_shell};
  auto type =
      config.features.enabled(config::Feature::unified_exec) ? model::ShellType::unified_exec : model.shell_type;
  switch (type) {
    case model::ShellType::default_:
      return offer("shell", definitions::shell(options), argv, true);
    case model::ShellType::local:
      return offer("local_shell", definitions::local_shell(), argv, true);
    case model::ShellType::unified_exec:
      offer("exec_command", definitions::exec_command(options), make_exec_command_tool(), true);
      return offer("write_stdin", definitions::write_stdin(), make_write_stdin_tool(), false);
    case model::ShellType::shell_command:
      return offer("shell_command", definitions::shell_command(options), script, true);
    case model::ShellType::disabled:
      return;
  }
}

void RegistryBuilder::patch(const config::Config& config, const model::ModelInfo& model) {
  auto form = model.apply_patch_tool_type;
  if (!form && config.features.enabled(config::Feature::apply_patch_freeform)) form = model::PatchTool::freeform;
  if (!form) return;
  r.freeform_patch_ = *form == model::PatchTool::freeform;
  offer("apply_patch", r.freeform_patch_ ? definitions::apply_patch_freeform() : definitions::apply_patch_function(),
        make_patch_tool(), false);
}

Registry make_registry(const config::Config& config, const model::ModelInfo& model, config::WebSearchMode web_search) {
  RegistryBuilder b;
  b.shells(config, model);
  b.offer("update_plan", definitions::update_plan(), make_plan_tool(), false);
  b.offer("request_user_input", definitions::request_user_input(), make_request_user_input_tool(), false);
  b.patch(config, model);
  if (web_search != config::WebSearchMode::disabled) {
    b.define(definitions::web_search(web_search == config::WebSearchMode::live));
  }
  // Run by the model's provider, as the web search.
  if (config.features.enabled(config::Feature::image_generation) && model.supports_images()) {
    b.define(definitions::image_generation());
  }
  b.offer("view_image", definitions::view_image(), make_view_image_tool(), true);
  return b.finish();
}

}  // namespace burin::tools
