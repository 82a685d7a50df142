#include "model/presets.h"

#include <array>
#include <cstdlib>

namespace burin::model {

namespace presets_detail {

using Effort = wire::ReasoningEffort;

/// From the least to the most.
constexpr std::array ranks = {Effort::none, Effort::minimal, Effort::low, Effort::medium, Effort::high, Effort::xhigh};

int rank(Effort effort) { return static_cast<int>(std::ranges::find(ranks, effort) - ranks.begin()); }

/// The supported effort with the nearest rank; of two at the same distance the one that is listed first.
std::optional<Effort> nearest(const std::vector<ReasoningLevel>& levels, Effort wanted) {
  const ReasoningLevel* best = nullptr;
  for (const auto& level : levels) {
    auto distance = [&](Effort effort) { return std::abs(rank(effort) - rank(wanted)); };
    if (best == nullptr || distance(level.effort) < distance(best->effort)) best = &level;
  }
  return best != nullptr ? std::optional(best->effort) : std::nullopt;
}

std::optional<PresetUpgrade> upgrade_of(const ModelInfo& model) {
  if (!model.upgrade) return std::nullopt;
  PresetUpgrade out{model.upgrade->model, model.slug, model.upgrade->migration_markdown, {}};
  for (auto effort : ranks) {
    if (auto to = nearest(model.supported_reasoning_levels, effort)) out.efforts.emplace(effort, *to);
  }
  return out;
}

}  // namespace presets_detail

std::vector<ModelPreset> model_presets(const std::vector<ModelInfo>& catalog, bool chatgpt) {
  std::vector<const ModelInfo*> models;
  for (const auto& model : catalog) {
    if (chatgpt || model.supported_in_api) models.push_back(&model);
  }
  std::ranges::sort(models, {}, [](const ModelInfo* m) { return std::pair(m->priority, m); });  // stable: one array
  std::vector<ModelPreset> out;
  for (const auto* model : models) {
    out.push_back({.id = model->slug,
                   .display_name = model->display_name,
                   .description = model->description.value_or(""),
                   .default_effort = model->default_reasoning_level.value_or(wire::ReasoningEffort::none),
                   .efforts = model->supported_reasoning_levels,
                   .supports_personality = model->supports_personality(),
                   .is_default = false,
                   .show_in_picker = model->visibility == Visibility::list,
                   .supported_in_api = model->supported_in_api,
                   .upgrade = presets_detail::upgrade_of(*model),
                   .notice = model->availability_nux,
                   .input_modalities = model->input_modalities});
  }
  auto first = std::ranges::find_if(out, &ModelPreset::show_in_picker);
  if (first == out.end()) first = out.begin();
  if (first != out.end()) first->is_default = true;
  return out;
}

}  // namespace burin::model
