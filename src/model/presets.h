// The models that a person can choose from (model-client.md 12.8).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"

namespace burin::model {

struct PresetUpgrade {
  std::string id;                    // of the model to move to
  std::string migration_config_key;  // own slug
  std::string migration_markdown;
  /// For each of the six efforts the nearest one that this model supports.
  std::map<wire::ReasoningEffort, wire::ReasoningEffort> efforts;
};

struct ModelPreset {
  std::string id;  // the slug
  std::string display_name;
  std::string description;
  wire::ReasoningEffort default_effort = wire::ReasoningEffort::none;
  std::vector<ReasoningLevel> efforts;
  bool supports_personality = false;
  bool is_default = false;
  bool show_in_picker = false;  // others stay in the list but are hidden
  bool supported_in_api = true;
  std::optional<PresetUpgrade> upgrade;
  std::optional<AvailabilityNotice> notice;
  std::vector<Modality> input_modalities;
};

/// Sorted by priority. Unless signed in with ChatGPT, models without API support are left out. Exactly one is the
/// default, if there is any: the first that the picker shows, else the first.
std::vector<ModelPreset> model_presets(const std::vector<ModelInfo>& catalog, bool chatgpt);

}  // namespace burin::model
