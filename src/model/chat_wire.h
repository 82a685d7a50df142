// Chat completions (POST chat/completions), the protocol of llama.cpp, vLLM, Ollama, OpenRouter and many others.
//
// What is mapped and what is not: docs/providers.md.
#pragma once
#include <string>
#include <string_view>

#include "model/wires.h"

namespace burin::model {

/// Members of a message that servers use for reasoning.
inline constexpr std::string_view chat_reasoning_fields[] = {"reasoning_content", "reasoning"};
/// Marks reasoning that came in that member, see reasoning_mark.
std::string chat_reasoning_mark(std::string_view field);

class ChatWire : public Wire {
 public:
  std::string_view path() const override { return "chat/completions"; }
  ModelResult<std::string> body(const Prompt& prompt, const TurnSettings& settings, std::string_view thread_id,
                                const config::ProviderDef& provider) const override;
  void adapt(io::Headers& headers, const Credential& credential) const override;
  std::unique_ptr<EventDecoder> decoder(const Prompt& prompt) const override;
  std::optional<ModelError> http_error(int status, std::string_view body) const override;
};

}  // namespace burin::model
