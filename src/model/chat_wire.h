// Chat completions: the protocol of llama.cpp, vLLM, Ollama, OpenRouter and many others (`wire_api = "chat"`).
//
// Limits: no remote compaction, no WebSocket, no tools of the server; reasoning is shown but not given back; developer
// messages within a dialogue become the user's. docs/providers.md has the whole mapping.
#pragma once
#include <memory>

#include "model/wires.h"

namespace burin::model {

const Wire& chat_wire();

}  // namespace burin::model
