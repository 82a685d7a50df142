// Which tools a request offers, and which names are handled (tools.md 2).
//
// The tool list depends only on configuration, model and session source, and its order and bytes are stable, because
// the prompt cache of the server depends on them.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "tools/tool.h"

namespace burin::tools {

class Registry {
 public:
  /// JSON array for the request.
  const std::string& definitions() const { return definitions_; }
  /// The handler of a name, or null.
  Tool* find(std::string_view name) const;
  /// Parallel-capable and offered: such calls share the lock, others take it alone (tools.md 1.4).
  bool parallel(std::string_view name) const { return parallel_.contains(std::string(name)); }
  /// apply_patch is offered as a freeform tool: shell outputs are re-rendered as text (tools.md 1.7).
  bool freeform_patch() const { return freeform_patch_; }

 private:
  friend struct RegistryBuilder;
  std::string definitions_;
  std::map<std::string, std::shared_ptr<Tool>, std::less<>> handlers_;
  std::set<std::string> parallel_;
  bool freeform_patch_ = false;
};

/// `web_search` is the turn's effective mode.
Registry make_registry(const config::Config& config, const model::ModelInfo& model, config::WebSearchMode web_search);

}  // namespace burin::tools
