#include "model/catalog.h"

#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "prompts.h"

namespace burin::model {

namespace catalog_detail {

constexpr std::string_view placeholder = "{{ personality }}";

/// One line of the bundled catalogue (model-client.md 12.3).
struct Row {
  std::string_view slug;
  std::string_view description;
  int priority;
  Visibility visibility;
  ShellType shell;
  std::optional<PatchTool> patch;
  wire::TruncationMode truncation;
  bool parallel;
  bool verbosity;
  std::optional<wire::Verbosity> default_verbosity;
  std::int64_t window;
  std::string_view efforts;  // initials: n(minimal) l m h x
  bool images;
  bool personalities;
  bool upgrade;
};

using wire::TruncationMode;
constexpr auto in_tokens = TruncationMode::tokens;
constexpr auto in_bytes = TruncationMode::bytes;
constexpr auto low = wire::Verbosity::low;
constexpr auto freeform = PatchTool::freeform;

const Row rows[] = {
    {"gpt-5.3-codex", "The newest coding model, for long and demanding work.", 0, Visibility::list,
     ShellType::shell_command, freeform, in_tokens, true, true, low, 272000, "lmhx", true, true, false},
    {"gpt-5.2-codex",
     "A coding model of the previous generation.",
     3,
     Visibility::list,
     ShellType::shell_command,
     freeform,
     in_tokens,
     true,
     false,
     {},
     272000,
     "lmhx",
     true,
     true,
     true},
    {"gpt-5.1-codex-max",
     "A coding model tuned for depth and speed.",
     4,
     Visibility::list,
     ShellType::shell_command,
     freeform,
     in_tokens,
     false,
     false,
     {},
     272000,
     "lmhx",
     true,
     false,
     true},
    {"gpt-5.1-codex",
     "A coding model, now superseded.",
     5,
     Visibility::hide,
     ShellType::shell_command,
     freeform,
     in_tokens,
     false,
     false,
     {},
     272000,
     "lmh",
     true,
     false,
     true},
    {"gpt-5.2", "A general model with broad knowledge and strong reasoning.", 6, Visibility::list,
     ShellType::shell_command, freeform, in_bytes, true, true, low, 272000, "lmhx", true, false, true},
    {"gpt-5.1", "A general model, now superseded.", 7, Visibility::hide, ShellType::shell_command, freeform, in_bytes,
     true, true, low, 272000, "lmh", true, false, true},
    {"gpt-5-codex",
     "The first coding model of its line, now superseded.",
     10,
     Visibility::hide,
     ShellType::shell_command,
     freeform,
     in_tokens,
     false,
     false,
     {},
     272000,
     "lmh",
     true,
     false,
     true},
    {"gpt-5",
     "The first general model of its line, now superseded.",
     11,
     Visibility::hide,
     ShellType::default_,
     {},
     in_bytes,
     false,
     true,
     {},
     272000,
     "nlmh",
     true,
     false,
     true},
    {"gpt-oss-120b",
     "An open-weight model for local use, large.",
     11,
     Visibility::hide,
     ShellType::default_,
     freeform,
     in_bytes,
     false,
     true,
     {},
     128000,
     "lmh",
     false,
     false,
     false},
    {"gpt-oss-20b",
     "An open-weight model for local use, small.",
     11,
     Visibility::hide,
     ShellType::default_,
     freeform,
     in_bytes,
     false,
     true,
     {},
     128000,
     "lmh",
     false,
     false,
     false},
    {"gpt-5.1-codex-mini",
     "A small coding model: cheaper and faster, less capable.",
     12,
     Visibility::list,
     ShellType::shell_command,
     freeform,
     in_tokens,
     false,
     false,
     {},
     272000,
     "mh",
     true,
     false,
     true},
    {"gpt-5-codex-mini",
     "A small coding model, now superseded.",
     13,
     Visibility::hide,
     ShellType::shell_command,
     freeform,
     in_tokens,
     false,
     false,
     {},
     272000,
     "mh",
     true,
     false,
     true},
};

std::vector<ReasoningLevel> levels(std::string_view initials) {
  struct Level {
    char initial;
    wire::ReasoningEffort effort;
    std::string_view description;
  };
  static constexpr Level all[] = {
      {'n', wire::ReasoningEffort::minimal, "Answers almost at once, with the least reasoning"},
      {'l', wire::ReasoningEffort::low, "Fast answers with light reasoning"},
      {'m', wire::ReasoningEffort::medium, "A balance of speed and depth for everyday work"},
      {'h', wire::ReasoningEffort::high, "Deep reasoning for hard problems"},
      {'x', wire::ReasoningEffort::xhigh, "The deepest reasoning, for the hardest problems"},
  };
  std::vector<ReasoningLevel> out;
  for (const auto& level : all) {
    if (initials.find(level.initial) != std::string_view::npos) {
      out.push_back({level.effort, std::string(level.description)});
    }
  }
  return out;
}

ModelMessages personality_messages() {
  ModelMessages m;
  m.instructions_template = std::string(prompts::base_instructions);
  m.instructions_variables = InstructionVariables{
      .personality_default = std::string(prompts::personality_pragmatic),
      .personality_friendly = std::string(prompts::personality_friendly),
      .personality_pragmatic = std::string(prompts::personality_pragmatic),
  };
  return m;
}

std::string plain_instructions() {
  return replace_all(prompts::base_instructions, fmt::format("{}\n\n", placeholder), "");
}

ModelInfo from_row(const Row& row) {
  ModelInfo m;
  m.slug = m.display_name = std::string(row.slug);
  m.description = std::string(row.description);
  m.default_reasoning_level = wire::ReasoningEffort::medium;
  m.supported_reasoning_levels = levels(row.efforts);
  m.shell_type = row.shell;
  m.visibility = row.visibility;
  m.priority = row.priority;
  if (row.upgrade) {
    m.upgrade = ModelUpgrade{"gpt-5.3-codex",
                             "**gpt-5.3-codex** is available and recommended for coding work. Choose it with `/model` "
                             "or with `model` in config.toml."};
  }
  m.base_instructions = plain_instructions();
  if (row.personalities) m.model_messages = personality_messages();
  m.supports_reasoning_summaries = true;
  m.support_verbosity = row.verbosity;
  m.default_verbosity = row.default_verbosity;
  m.apply_patch_tool_type = row.patch;
  m.truncation_policy = {row.truncation, 10000};
  m.supports_parallel_tool_calls = row.parallel;
  m.context_window = row.window;
  if (!row.images) m.input_modalities = std::vector<Modality>{Modality::text};
  return m;
}

ModelInfo fallback(std::string_view slug) {
  ModelInfo m;
  m.slug = m.display_name = std::string(slug);
  m.shell_type = ShellType::default_;
  m.visibility = Visibility::none;
  m.priority = 99;
  m.base_instructions = plain_instructions();
  if (slug == "gpt-5.2-codex" || slug == "exp-codex-personality") m.model_messages = personality_messages();
  m.truncation_policy = {in_bytes, 10000};
  m.context_window = 272000;
  m.fallback_metadata = true;
  return m;
}

const ModelInfo* longest_prefix(const std::vector<ModelInfo>& catalog, std::string_view slug) {
  const ModelInfo* best = nullptr;
  for (const auto& m : catalog) {
    if (slug.starts_with(m.slug) && (best == nullptr || m.slug.size() > best->slug.size())) best = &m;
  }
  return best;
}

/// The part behind `ns/` when there is exactly one slash and the namespace is made of ASCII word characters.
std::string_view without_namespace(std::string_view slug) {
  auto slash = slug.find('/');
  if (slash == std::string_view::npos || slug.find('/', slash + 1) != std::string_view::npos) return {};
  for (char c : slug.substr(0, slash)) {
    bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!word) return {};
  }
  return slug.substr(slash + 1);
}

}  // namespace catalog_detail

using namespace catalog_detail;

bool ModelInfo::supports_images() const {
  for (auto m : input_modalities) {
    if (m == Modality::image) return true;
  }
  return false;
}

std::optional<std::int64_t> ModelInfo::usable_window() const {
  if (!context_window) return std::nullopt;
  return *context_window * effective_context_window_percent / 100;
}

std::optional<std::int64_t> ModelInfo::auto_compact_limit() const {
  if (!context_window) return auto_compact_token_limit;
  auto ceiling = *context_window * 9 / 10;
  return std::min(auto_compact_token_limit.value_or(ceiling), ceiling);
}

bool ModelInfo::supports_personality() const {
  if (!model_messages || !model_messages->instructions_template || !model_messages->instructions_variables)
    return false;
  const auto& v = *model_messages->instructions_variables;
  return contains(*model_messages->instructions_template, placeholder) && v.personality_default &&
         v.personality_friendly && v.personality_pragmatic;
}

const std::vector<ModelInfo>& bundled_models() {
  static const std::vector<ModelInfo> models = [] {
    std::vector<ModelInfo> out;
    for (const auto& row : rows) out.push_back(from_row(row));
    return out;
  }();
  return models;
}

Result<std::vector<ModelInfo>> read_catalog(const json::value& document, bool may_be_empty) {
  const auto* list = find_array(document, "models");
  if (list == nullptr) return fail(Kind::invalid, "missing field `models`");
  std::vector<ModelInfo> out;
  for (const auto& entry : *list) {
    TRY(auto model, read_mapped<ModelInfo>(entry));
    out.push_back(std::move(model));
  }
  if (out.empty() && !may_be_empty) return fail(Kind::invalid, "the list of models is empty", "add at least one model");
  return out;
}

ModelInfo find_model(const std::vector<ModelInfo>& catalog, std::string_view slug) {
  const ModelInfo* found = longest_prefix(catalog, slug);
  if (found == nullptr) {
    if (auto rest = without_namespace(slug); !rest.empty()) found = longest_prefix(catalog, rest);
  }
  if (found == nullptr) return fallback(slug);
  ModelInfo m = *found;
  m.slug = std::string(slug);
  return m;
}

ModelInfo resolve_model(const std::vector<ModelInfo>& catalog, std::string_view slug, const config::Config& config) {
  ModelInfo m = find_model(catalog, slug);
  if (config.model_supports_reasoning_summaries.value_or(false)) m.supports_reasoning_summaries = true;
  if (config.model_context_window) m.context_window = config.model_context_window;
  if (config.model_auto_compact_token_limit) m.auto_compact_token_limit = config.model_auto_compact_token_limit;
  if (config.tool_output_token_limit) {
    std::int64_t limit = *config.tool_output_token_limit;
    m.truncation_policy.limit = m.truncation_policy.mode == in_tokens ? limit : limit * 4;
  }
  if (config.base_instructions) {
    m.base_instructions = *config.base_instructions;
    m.model_messages.reset();
  }
  if (!config.features.enabled(config::Feature::personality)) m.model_messages.reset();
  return m;
}

std::string default_model(const std::vector<ModelInfo>& catalog, bool chatgpt) {
  const ModelInfo* best = nullptr;
  for (const auto& m : catalog) {
    bool listed = m.visibility == Visibility::list;
    if (!chatgpt && !m.supported_in_api) continue;
    if (chatgpt && listed && m.slug == "codex-auto-balanced") return m.slug;
    // Those that the picker shows come before those that it hides.
    bool shown_before = best != nullptr && best->visibility == Visibility::list;
    if (best == nullptr || listed > shown_before || (listed == shown_before && m.priority < best->priority)) best = &m;
  }
  return best != nullptr ? best->slug : std::string();
}

std::string personality_text(const ModelInfo& model, std::optional<wire::Personality> personality) {
  if (!model.model_messages || !model.model_messages->instructions_variables) return {};
  const auto& v = *model.model_messages->instructions_variables;
  if (!personality) return v.personality_default.value_or("");
  switch (*personality) {
    case wire::Personality::none:
      return {};
    case wire::Personality::friendly:
      return v.personality_friendly.value_or("");
    case wire::Personality::pragmatic:
      return v.personality_pragmatic.value_or("");
  }
  return {};
}

std::string model_instructions(const ModelInfo& model, std::optional<wire::Personality> personality) {
  if (model.model_messages && model.model_messages->instructions_template) {
    return replace_all(*model.model_messages->instructions_template, placeholder, personality_text(model, personality));
  }
  return model.base_instructions;
}

}  // namespace burin::model
