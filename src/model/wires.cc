#include "model/wires.h"

#include "base/text.h"
#include "model/anthropic_wire.h"
#include "model/chat_wire.h"
#include "model/headers.h"
#include "model/stream_decoder.h"

namespace burin::model {

namespace wires_detail {

/// The Responses API (model-client.md 6, 8).
class ResponsesWire : public Wire {
 public:
  std::string_view path() const override { return "responses"; }
  ModelResult<std::string> body(const Prompt& prompt, const TurnSettings& settings, std::string_view thread_id,
                                const config::ProviderDef& provider) const override {
    return build_body(prompt, settings, thread_id, is_azure(provider));
  }
  void adapt(io::Headers&, const Credential&) const override {}
  std::unique_ptr<EventDecoder> decoder(const Prompt&) const override { return std::make_unique<StreamDecoder>(); }
};

}  // namespace wires_detail

void drop_openai_headers(io::Headers& headers) {
  std::erase_if(headers, [](const auto& header) {
    return starts_with_ignore_case(header.first, "x-codex-") || starts_with_ignore_case(header.first, "x-openai-") ||
           equals_ignore_case(header.first, "session_id") || equals_ignore_case(header.first, "chatgpt-account-id");
  });
}

const Wire& wire_of(const config::ProviderDef& provider) {
  static const wires_detail::ResponsesWire responses;
  static const ChatWire chat;
  static const AnthropicWire anthropic;
  switch (provider.wire_api) {
    case config::WireApi::chat:
      return chat;
    case config::WireApi::anthropic:
      return anthropic;
    default:
      return responses;
  }
}

}  // namespace burin::model
