// The protocols that providers speak, behind one interface (`wire_api` of `[model_providers.ID]`).
//
// A wire turns a prompt into the bytes of its request, says where and with which headers they go, and makes the decoder
// of its answers. Everything else (credentials, retries, timeouts, events) is common: the rest of the program cannot
// tell which wire it talks over.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/providers.h"
#include "io/http.h"
#include "model/auth.h"
#include "model/event_decoder.h"
#include "model/request.h"

namespace burin::model {

class Wire {
 public:
  virtual ~Wire() = default;
  /// Below the provider's base URL, e.g. "responses".
  virtual std::string_view path() const = 0;
  /// The request's JSON. `thread_id` keys the provider's prompt cache. Fails on input that the wire cannot carry.
  virtual ModelResult<std::string> body(const Prompt& prompt, const TurnSettings& settings, std::string_view thread_id,
                                        const config::ProviderDef& provider) const = 0;
  /// Changes the headers of a Responses request into this wire's.
  virtual void adapt(io::Headers& headers, const Credential& credential) const = 0;
  /// For the answer to `prompt`, which need not outlive this call.
  virtual std::unique_ptr<EventDecoder> decoder(const Prompt& prompt) const = 0;
  /// What a reply whose status is not 2xx means on this wire, where that is more than its status says.
  virtual std::optional<ModelError> http_error(int /*status*/, std::string_view /*body*/) const { return std::nullopt; }
};

/// Takes away what is meant for OpenAI's own servers: ids of the thread, account and turn, metadata of the work tree.
void drop_openai_headers(io::Headers& headers);

const Wire& wire_of(const config::ProviderDef& provider);

}  // namespace burin::model
