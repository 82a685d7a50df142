// Turn items: the units of a turn as clients show them, with PascalCase tags (session.md 2.1).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapping.h"
#include "wire/item.h"
#include "wire/user_input.h"

namespace burin::wire {

struct UserMessageItem {
  std::string id;
  std::vector<UserInput> content;
};
BURIN_WIRE_TABLE(UserMessageItem, id, content)

struct AgentText {
  std::string text;
};
BURIN_WIRE_TABLE(AgentText, text)
using AgentContent = StrictOneOf<"type", Alt<"Text", AgentText>>;
struct AgentMessageItem {
  std::string id;
  std::vector<AgentContent> content;
  std::optional<MessagePhase> phase;
};
BURIN_WIRE_TABLE(AgentMessageItem, id, content, phase)

struct PlanItem {
  std::string id;
  std::string text;
};
BURIN_WIRE_TABLE(PlanItem, id, text)

struct ReasoningItem {
  std::string id;
  std::vector<std::string> summary_text;
  std::vector<std::string> raw_content;
};
BURIN_WIRE_TABLE(ReasoningItem, id, summary_text, (raw_content, defaulted))

struct WebSearchItem {
  std::string id;
  std::string query;  // for display
  WebSearchAction action;
};
BURIN_WIRE_TABLE(WebSearchItem, id, query, action)

struct ContextCompactionItem {
  std::string id;
};
BURIN_WIRE_TABLE(ContextCompactionItem, id)

using TurnItem = OneOf<"type", Alt<"UserMessage", UserMessageItem>, Alt<"AgentMessage", AgentMessageItem>,
                       Alt<"Plan", PlanItem>, Alt<"Reasoning", ReasoningItem>, Alt<"WebSearch", WebSearchItem>,
                       Alt<"ContextCompaction", ContextCompactionItem>>;

/// "" for an unknown item without an id.
std::string_view item_id(const TurnItem& item);

}  // namespace burin::wire
