#include "config/providers.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace burin::config {
namespace providers_detail {

constexpr std::uint64_t max_retries = 100;

std::optional<std::string> text(const Value& table, std::string_view key) {
  const Value* v = table.find(key);
  return v == nullptr ? std::nullopt : v->text();
}

std::map<std::string, std::string> text_map(const Value& table, std::string_view key) {
  std::map<std::string, std::string> out;
  const Value* v = table.find(key);
  if (v == nullptr || v->table() == nullptr) return out;
  for (const auto& [name, value] : *v->table()) out.emplace(name, value.text().value_or(""));
  return out;
}

std::uint64_t number(const Value& table, std::string_view key, std::uint64_t fallback) {
  const Value* v = table.find(key);
  const auto i = v == nullptr ? std::nullopt : v->integer();
  return i ? static_cast<std::uint64_t>(*i) : fallback;
}

bool flag(const Value& table, std::string_view key) {
  const Value* v = table.find(key);
  return v != nullptr && v->boolean() == true;
}

std::optional<std::string> not_blank(std::optional<std::string_view> s) {
  if (!s || blank(*s)) return std::nullopt;
  return std::string(*s);
}

ProviderDef from_table(const std::string& id, const Value& table) {
  const ProviderDef defaults;
  return {
      .id = id,
      .name = text(table, "name").value_or(""),
      .base_url = text(table, "base_url"),
      .env_key = text(table, "env_key"),
      .env_key_instructions = text(table, "env_key_instructions"),
      .experimental_bearer_token = text(table, "experimental_bearer_token"),
      .wire_api = from_string<WireApi>(text(table, "wire_api").value_or("")).value_or(defaults.wire_api),
      .query_params = text_map(table, "query_params"),
      .http_headers = text_map(table, "http_headers"),
      .env_http_headers = text_map(table, "env_http_headers"),
      .request_max_retries = std::min(max_retries, number(table, "request_max_retries", defaults.request_max_retries)),
      .stream_max_retries = std::min(max_retries, number(table, "stream_max_retries", defaults.stream_max_retries)),
      .stream_idle_timeout_ms = number(table, "stream_idle_timeout_ms", defaults.stream_idle_timeout_ms),
      .requires_openai_auth = flag(table, "requires_openai_auth"),
      .supports_websockets = flag(table, "supports_websockets")};
}

ProviderDef openai(const Value& root, const io::Environment& env) {
  ProviderDef out{.id = "openai", .name = "OpenAI"};
  out.base_url = not_blank(text(root, "openai_base_url"));
  if (!out.base_url) out.base_url = not_blank(env.get("OPENAI_BASE_URL"));
  out.http_headers = {{"version", BURIN_COMPAT_VERSION}};
  out.env_http_headers = {{"OpenAI-Organization", "OPENAI_ORGANIZATION"}, {"OpenAI-Project", "OPENAI_PROJECT"}};
  out.requires_openai_auth = true;
  out.supports_websockets = true;
  return out;
}

ProviderDef local(std::string id, std::uint64_t port, const io::Environment& env) {
  ProviderDef out{.id = std::move(id), .name = "gpt-oss"};
  out.base_url = not_blank(env.own("OSS_BASE_URL"));
  if (!out.base_url) {
    const auto chosen = parse_uint(trim(env.own("OSS_PORT").value_or("")));
    if (chosen && *chosen <= 65535) port = *chosen;
    out.base_url = fmt::format("http://localhost:{}/v1", port);
  }
  return out;
}

}  // namespace providers_detail

Providers all_providers(const Value& root, const io::Environment& env) {
  namespace d = providers_detail;
  Providers out;
  std::array builtin{d::openai(root, env), d::local("ollama", 11434, env), d::local("lmstudio", 1234, env)};
  for (ProviderDef& def : builtin) {
    std::string id = def.id;
    out.emplace(std::move(id), std::move(def));
  }
  if (const Value* tables = root.find("model_providers"); tables != nullptr && tables->table() != nullptr) {
    for (const auto& [id, table] : *tables->table()) out.try_emplace(id, d::from_table(id, table));
  }
  return out;
}

ConfigResult<ProviderDef> select_provider(const Providers& providers, const std::string& id) {
  if (auto it = providers.find(id); it != providers.end()) return it->second;
  if (id == "ollama-chat") {
    return config_error(Stage::deriving,
                        "`ollama-chat` is no longer supported.\nHow to fix: replace `ollama-chat` with `ollama` in "
                        "`model_provider`, `oss_provider`, or `--local-provider`.\nMore info: "
                        "https://github.com/openai/codex/discussions/7782");
  }
  return config_error(Stage::deriving, fmt::format("Model provider `{}` not found", id));
}

std::string_view default_oss_model(std::string_view provider_id) {
  if (provider_id == "ollama") return "gpt-oss:20b";
  if (provider_id == "lmstudio") return "openai/gpt-oss-20b";
  return {};
}

}  // namespace burin::config
