#include "model/wires.h"

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

const Wire& wire_of(const config::ProviderDef& provider) {
  static const wires_detail::ResponsesWire responses;
  static const ChatWire chat;
  if (provider.wire_api == config::WireApi::chat) return chat;
  return responses;
}

}  // namespace burin::model
