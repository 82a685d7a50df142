// What a person or client puts into a turn, and the answers to questions that a turn asks (session.md 1.1).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"

namespace burin::wire {

/// Bytes [start, end) of the text it belongs to.
struct ByteRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};
BURIN_WIRE_TABLE(ByteRange, start, end)
/// A stretch of text that stands for something else, such as a pasted block.
struct TextElement {
  ByteRange byte_range;
  Nullable<std::string> placeholder;
};
BURIN_WIRE_TABLE(TextElement, byte_range, placeholder)

namespace input {
struct Text {
  std::string text;
  std::vector<TextElement> text_elements;
};
BURIN_WIRE_TABLE(Text, text, (text_elements, defaulted))
struct Image {
  std::string image_url;
};
BURIN_WIRE_TABLE(Image, image_url)
struct LocalImage {
  std::string path;
};
BURIN_WIRE_TABLE(LocalImage, path)
struct Skill {
  std::string name;
  std::string path;
};
BURIN_WIRE_TABLE(Skill, name, path)
struct Mention {
  std::string name;
  std::string path;
};
BURIN_WIRE_TABLE(Mention, name, path)
}  // namespace input

using UserInput =
    StrictOneOf<"type", Alt<"text", input::Text>, Alt<"image", input::Image>, Alt<"local_image", input::LocalImage>,
                Alt<"skill", input::Skill>, Alt<"mention", input::Mention>>;

enum class NetworkRuleAction : unsigned char { allow, deny };
BURIN_ENUM(NetworkRuleAction, {NetworkRuleAction::allow, "allow"}, {NetworkRuleAction::deny, "deny"})
struct NetworkPolicyAmendment {
  std::string host;
  NetworkRuleAction action{};
};
BURIN_WIRE_TABLE(NetworkPolicyAmendment, host, action)

namespace decision {
struct Denied {};
BURIN_WIRE_TABLE(Denied)
struct Approved {};
BURIN_WIRE_TABLE(Approved)
struct ApprovedForSession {};
BURIN_WIRE_TABLE(ApprovedForSession)
struct Abort {};
BURIN_WIRE_TABLE(Abort)
struct ApprovedExecpolicyAmendment {
  std::vector<std::string> proposed_execpolicy_amendment;  // the words of the prefix to allow
};
BURIN_WIRE_TABLE(ApprovedExecpolicyAmendment, proposed_execpolicy_amendment)
struct NetworkAmendment {
  NetworkPolicyAmendment network_policy_amendment;
};
BURIN_WIRE_TABLE(NetworkAmendment, network_policy_amendment)
}  // namespace decision

/// The answer to an approval request. Default: denied.
using ReviewDecision = Tagged<Alt<"denied", decision::Denied>, Alt<"approved", decision::Approved>,
                              Alt<"approved_for_session", decision::ApprovedForSession>, Alt<"abort", decision::Abort>,
                              Alt<"approved_execpolicy_amendment", decision::ApprovedExecpolicyAmendment>,
                              Alt<"network_policy_amendment", decision::NetworkAmendment>>;

struct QuestionAnswer {
  std::vector<std::string> answers;
};
BURIN_WIRE_TABLE(QuestionAnswer, answers)
/// Answers by question id.
struct UserInputResponse {
  std::map<std::string, QuestionAnswer> answers;
};
BURIN_WIRE_TABLE(UserInputResponse, answers)

/// Content of a dynamic tool's result; camelCase everywhere on the wire (tools.md 12.2).
struct DynamicText {
  std::string text;
};
BURIN_WIRE_TABLE(DynamicText, text)
struct DynamicImage {
  std::string image_url;
};
BURIN_WIRE_TABLE(DynamicImage, (image_url, as("imageUrl")))
using DynamicContent = StrictOneOf<"type", Alt<"inputText", DynamicText>, Alt<"inputImage", DynamicImage>>;
struct DynamicToolResponse {
  std::vector<DynamicContent> content_items;
  bool success = false;
};
BURIN_WIRE_TABLE(DynamicToolResponse, (content_items, as("contentItems")), success)

}  // namespace burin::wire
