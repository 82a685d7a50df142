// Models: the bundled catalogue, lookup by slug, and what a session derives from an entry (model-client.md 12).
//
// The entry that a lookup returns always carries the requested slug: a prefix match borrows the metadata only.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapping.h"
#include "base/result.h"
#include "wire/settings.h"

namespace burin::config {
struct Config;
}

namespace burin::model {

enum class ShellType : unsigned char { default_, local, unified_exec, disabled, shell_command };
enum class Visibility : unsigned char { list, hide, none };
enum class PatchTool : unsigned char { freeform, function };
enum class Modality : unsigned char { text, image };

BURIN_ENUM(ShellType, {ShellType::default_, "default"}, {ShellType::local, "local"},
           {ShellType::unified_exec, "unified_exec"}, {ShellType::disabled, "disabled"},
           {ShellType::shell_command, "shell_command"})
BURIN_ENUM(Visibility, {Visibility::list, "list"}, {Visibility::hide, "hide"}, {Visibility::none, "none"})
BURIN_ENUM(PatchTool, {PatchTool::freeform, "freeform"}, {PatchTool::function, "function"})
BURIN_ENUM(Modality, {Modality::text, "text"}, {Modality::image, "image"})

struct ReasoningLevel {
  wire::ReasoningEffort effort{};
  std::string description;
};
BURIN_WIRE(ReasoningLevel, effort, description)

struct ModelUpgrade {
  std::string model;
  std::string migration_markdown;
};
BURIN_WIRE(ModelUpgrade, model, migration_markdown)

struct AvailabilityNotice {
  std::string message;
};
BURIN_WIRE(AvailabilityNotice, message)

struct InstructionVariables {
  std::optional<std::string> personality_default, personality_friendly, personality_pragmatic;
};
BURIN_WIRE(InstructionVariables, personality_default, personality_friendly, personality_pragmatic)

struct ModelMessages {
  std::optional<std::string> instructions_template;
  std::optional<InstructionVariables> instructions_variables;
};
BURIN_WIRE(ModelMessages, instructions_template, instructions_variables)

struct ModelInfo {
  std::string slug;
  std::string display_name;
  std::optional<std::string> description;
  std::optional<wire::ReasoningEffort> default_reasoning_level;
  std::vector<ReasoningLevel> supported_reasoning_levels;
  ShellType shell_type{};
  Visibility visibility{};
  bool supported_in_api = true;
  int priority = 0;  // lower comes first
  std::optional<AvailabilityNotice> availability_nux;
  std::optional<ModelUpgrade> upgrade;
  std::string base_instructions;
  std::optional<ModelMessages> model_messages;
  bool supports_reasoning_summaries = false;
  wire::ReasoningSummary default_reasoning_summary = wire::ReasoningSummary::auto_;
  bool support_verbosity = false;
  std::optional<wire::Verbosity> default_verbosity;
  std::optional<PatchTool> apply_patch_tool_type;
  wire::TruncationPolicy truncation_policy{};
  bool supports_parallel_tool_calls = false;
  bool supports_image_detail_original = false;
  std::optional<std::int64_t> context_window;
  std::optional<std::int64_t> auto_compact_token_limit;
  std::int64_t effective_context_window_percent = 95;
  std::vector<std::string> experimental_supported_tools;
  std::vector<Modality> input_modalities{Modality::text, Modality::image};
  bool prefer_websockets = false;

  bool fallback_metadata = false;  // not in the catalogue: a warning is due

  bool supports_images() const;
  /// `context_window * percent / 100`: what clients see and what "full" means.
  std::optional<std::int64_t> usable_window() const;
  /// When to compact: the configured or the model's limit, at most 90 % of the raw window (context.md 3.7).
  std::optional<std::int64_t> auto_compact_limit() const;
  /// Template with three variables: the personality can be chosen.
  bool supports_personality() const;
};
BURIN_WIRE(ModelInfo, slug, display_name, description, default_reasoning_level, supported_reasoning_levels, shell_type,
           visibility, supported_in_api, priority, availability_nux, upgrade, base_instructions, model_messages,
           supports_reasoning_summaries, (default_reasoning_summary, defaulted), support_verbosity, default_verbosity,
           apply_patch_tool_type, truncation_policy, supports_parallel_tool_calls,
           (supports_image_detail_original, defaulted), context_window, auto_compact_token_limit,
           (effective_context_window_percent, defaulted), experimental_supported_tools, (input_modalities, defaulted),
           (prefer_websockets, defaulted))

/// The compiled-in list, in order of priority.
const std::vector<ModelInfo>& bundled_models();

/// Reads `{"models":[…]}`; any entry that does not parse is an error, and so is an empty list unless it may be empty.
Result<std::vector<ModelInfo>> read_catalog(const boost::json::value& document, bool may_be_empty = false);

/// Longest prefix match, then the part behind one namespace, then fallback metadata (model-client.md 12.6).
ModelInfo find_model(const std::vector<ModelInfo>& catalog, std::string_view slug);

/// `find_model`, then the configuration's overrides (12.7).
ModelInfo resolve_model(const std::vector<ModelInfo>& catalog, std::string_view slug, const config::Config& config);

/// The slug a session uses when its configuration names none (12.8); `chatgpt`: signed in that way, so that models
/// without API support count. Empty when there is no such model.
std::string default_model(const std::vector<ModelInfo>& catalog, bool chatgpt);

/// The instructions for a personality: the rendered template, else `base_instructions` (12.2).
std::string model_instructions(const ModelInfo& model, std::optional<wire::Personality> personality);

/// The template variable for a personality ("" when there is none).
std::string personality_text(const ModelInfo& model, std::optional<wire::Personality> personality);

}  // namespace burin::model
