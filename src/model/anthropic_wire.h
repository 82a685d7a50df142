// The messages API of Anthropic and of servers that speak it (`wire_api = "anthropic"`).
//
// Thinking must be given back with its signature while tools are used: it is sealed into `encrypted_content` with a
// prefix of our own, which no other wire sends. docs/providers.md has the whole mapping and its limits.
#pragma once
#include "model/wires.h"

namespace burin::model {

const Wire& anthropic_wire();

}  // namespace burin::model
