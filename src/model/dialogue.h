// A prompt in the form that wires other than Responses need: a system text, and turns of user and assistant that
// alternate.
//
// What has no counterpart there is left out: encrypted reasoning of other providers, compactions by a server, web
// searches. Developer messages before the first turn join the system text, later ones the user's words: most servers
// take a system message at the beginning only, and many insist on alternation.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/request.h"
#include "wire/item.h"

namespace burin::model {

struct TextPart {
  std::string text;  // not blank
};
struct ImagePart {
  std::string url;  // https or data
};
struct CallPart {
  std::string call_id, name;
  std::string arguments;  // JSON, or whatever the model wrote
};
struct ResultPart {
  std::string call_id;
  std::string text;
  std::vector<ImagePart> images;
};
/// Reasoning in a form that its provider wants back (sealed_reasoning).
struct ReasoningPart {
  std::string sealed;
};
using DialoguePart = std::variant<TextPart, ImagePart, CallPart, ResultPart, ReasoningPart>;

struct DialogueTurn {
  bool assistant = false;
  std::vector<DialoguePart> parts;  // results of calls come first in a user's turn
};
struct Dialogue {
  std::string system;
  std::vector<DialogueTurn> turns;
};

/// `seal`: prefix of the reasoning that this wire understands; "" for none. Items that cannot be read are left out with
/// a warning in the log.
Dialogue dialogue_of(const Prompt& prompt, std::string_view seal);

/// A tool in the plain form that these wires know. Freeform tools become functions with one string, `input`.
struct PlainTool {
  std::string name, description;
  std::string parameters;  // JSON Schema
  bool freeform = false;
};
/// Tools that run on the server are left out.
std::vector<PlainTool> plain_tools(const Prompt& prompt);

/// The call that a model on such a wire has made: a custom_tool_call for a freeform tool, else a function_call.
wire::ResponseItem call_item(const std::vector<PlainTool>& tools, std::string call_id, std::string name,
                             std::string arguments);
wire::ResponseItem message_item(std::string id, std::string text);
/// `text` may be empty; `sealed` is kept in encrypted_content.
wire::ResponseItem reasoning_item(std::string id, std::string text, std::optional<std::string> sealed);

/// Reasoning that only our own wires understand carries such a prefix; the Responses API must not see it.
constexpr std::string_view sealed_reasoning = "burin-";
/// True for a reasoning item, in wire form, that is sealed for another wire.
bool sealed_for_others(std::string_view item_json);

}  // namespace burin::model
