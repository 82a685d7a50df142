// The messages API of Anthropic (POST messages), which other servers speak as well.
//
// What is mapped and what is not: docs/providers.md.
#pragma once
#include <string>
#include <string_view>

#include "model/wires.h"

namespace burin::model {

class AnthropicWire : public Wire {
 public:
  std::string_view path() const override { return "messages"; }
  ModelResult<std::string> body(const Prompt& prompt, const TurnSettings& settings, std::string_view thread_id,
                                const config::ProviderDef& provider) const override;
  void adapt(io::Headers& headers, const Credential& credential) const override;
  std::unique_ptr<EventDecoder> decoder(const Prompt& prompt) const override;
  std::optional<ModelError> http_error(int status, std::string_view body) const override;
};

/// The encrypted_content of reasoning that goes back to this wire: the content block itself, behind the mark. Only the
/// mark for thinking without a signature, which the server would refuse.
std::string carried_thinking(std::string_view thinking, std::string_view signature);
std::string carried_redacted_thinking(std::string_view data);

/// Longest answer that is asked for, in tokens, thinking included: what the model can do, at most 32,000.
std::int64_t max_output_tokens(std::string_view model);
/// How many of them may be thinking; 0: the model is not to think.
std::int64_t thinking_budget(wire::ReasoningEffort effort);

}  // namespace burin::model
