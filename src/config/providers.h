// Where models are reached: the built-in providers and those of `[model_providers.ID]`.
//
// Definitions only. How requests, headers and credentials are made from them is the business of `model`
// (model-client.md 3-5); secrets named by env_key are read there, when a request is made.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/mapping.h"
#include "config/error.h"
#include "config/value.h"
#include "io/environment.h"

namespace burin::config {

/// The protocol that a provider speaks. The reference refuses "chat"; here it is a wire of its own (docs/providers.md).
enum class WireApi : std::uint8_t { responses, chat, anthropic };
BURIN_ENUM(WireApi, {WireApi::responses, "responses"}, {WireApi::chat, "chat"}, {WireApi::anthropic, "anthropic"})

/// model-client.md 3.1.
struct ProviderDef {
  std::string id;
  std::string name;                     // "OpenAI" (exactly) and "azure" (any case) switch behaviour
  std::optional<std::string> base_url;  // unset: the OpenAI API, or the ChatGPT backend when logged in with ChatGPT
  std::optional<std::string> env_key;   // variable that holds the key
  std::optional<std::string> env_key_instructions;
  std::optional<std::string> experimental_bearer_token;
  WireApi wire_api = WireApi::responses;
  std::map<std::string, std::string> query_params;
  std::map<std::string, std::string> http_headers;
  std::map<std::string, std::string> env_http_headers;  // header -> variable
  std::uint64_t request_max_retries = 4;                // at most 100
  std::uint64_t stream_max_retries = 5;                 // at most 100
  std::uint64_t stream_idle_timeout_ms = 300'000;
  bool requires_openai_auth = false;
  bool supports_websockets = false;

  bool operator==(const ProviderDef&) const = default;
};

using Providers = std::map<std::string, ProviderDef, std::less<>>;

/// Built-in providers (openai, ollama, lmstudio) and those of the merged configuration `root`. A user's table with a
/// built-in's id is ignored. `openai_base_url` wins over OPENAI_BASE_URL; CODEX_OSS_BASE_URL and CODEX_OSS_PORT move
/// the local ones. model-client.md 3.2.
Providers all_providers(const Value& root, const io::Environment& env);

/// The definition of `id`; "Model provider `x` not found", and for the retired `ollama-chat` what to use instead.
ConfigResult<ProviderDef> select_provider(const Providers& providers, const std::string& id);

/// The model that --oss uses when none is named; empty for a provider without one.
std::string_view default_oss_model(std::string_view provider_id);

}  // namespace burin::config
