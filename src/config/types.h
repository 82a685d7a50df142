// Settings that only the configuration names; those that also travel on the wire are in wire/settings.h.
#pragma once
#include <cstdint>

#include "base/mapping.h"

namespace burin::config {

/// `sandbox_mode` and -s; external_sandbox appears in requirements only.
enum class SandboxMode : std::uint8_t { read_only, workspace_write, danger_full_access, external_sandbox };
BURIN_ENUM(SandboxMode, {SandboxMode::read_only, "read-only"}, {SandboxMode::workspace_write, "workspace-write"},
           {SandboxMode::danger_full_access, "danger-full-access"}, {SandboxMode::external_sandbox, "external-sandbox"})

enum class WebSearchMode : std::uint8_t { disabled, cached, live };
BURIN_ENUM(WebSearchMode, {WebSearchMode::disabled, "disabled"}, {WebSearchMode::cached, "cached"},
           {WebSearchMode::live, "live"})

/// `cli_auth_credentials_store`.
enum class CredentialsStore : std::uint8_t { file, keyring, automatic, ephemeral };
BURIN_ENUM(CredentialsStore, {CredentialsStore::file, "file"}, {CredentialsStore::keyring, "keyring"},
           {CredentialsStore::automatic, "auto"}, {CredentialsStore::ephemeral, "ephemeral"})

/// `prewarm_mode`: what is done at the start of a session that talks over WebSocket (model-client.md 10.6).
enum class PrewarmMode : std::uint8_t { request, handshake };
BURIN_ENUM(PrewarmMode, {PrewarmMode::request, "request"}, {PrewarmMode::handshake, "handshake"})

/// `forced_login_method`.
enum class LoginMethod : std::uint8_t { chatgpt, api };
BURIN_ENUM(LoginMethod, {LoginMethod::chatgpt, "chatgpt"}, {LoginMethod::api, "api"})

}  // namespace burin::config
