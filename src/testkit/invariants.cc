// The rules of model-client.md 16.7, checked on every /responses body. Sets of ids keep it linear in the input.
#include "base/text.h"
#include "testkit/captured_request.h"

namespace burin::testkit {

namespace invariants_detail {

struct CallKind {
  std::string_view call, output;
};
/// local_shell_call answers with function_call_output; unknown kinds of outputs are held to the call id rule only.
constexpr CallKind call_kinds[] = {{"function_call", "function_call_output"},
                                   {"local_shell_call", "function_call_output"},
                                   {"custom_tool_call", "custom_tool_call_output"}};

using Ids = std::map<std::string_view, std::unordered_set<std::string_view>>;

/// Call ids in the input, by the type of output that they ask for, and the ids answered by each type of output.
struct Pairs {
  Ids asked, answered;
  explicit Pairs(const json::array& input) {
    for (const auto& item : input) {
      auto type = find_string(item, "type").value_or("");
      auto id = find_string(item, "call_id").value_or("");
      if (id.empty()) continue;
      if (type.ends_with("_output")) answered[type].insert(id);
      for (const auto& kind : call_kinds) {
        if (kind.call == type) asked[kind.output].insert(id);
      }
    }
  }
};

bool has(const Ids& ids, std::string_view type, std::string_view id) {
  auto it = ids.find(type);
  return it != ids.end() && it->second.contains(id);
}

}  // namespace invariants_detail

std::vector<std::string> check_invariants(const json::value& body) {
  using namespace invariants_detail;
  const auto* input = find_array(body, "input");
  if (input == nullptr) return {"input is not an array"};
  std::vector<std::string> out;
  Pairs pairs(*input);
  for (std::size_t i = 0; i < input->size(); ++i) {
    const auto& item = (*input)[i];
    auto type = find_string(item, "type").value_or("");
    auto id = find_string(item, "call_id").value_or("");
    if (type.ends_with("_output") && id.empty()) {
      out.push_back(fmt::format("input[{}]: {} has no call_id", i, type));
      continue;
    }
    bool known_output = false;
    for (const auto& kind : call_kinds) {
      known_output |= kind.output == type;
      if (kind.call == type && !id.empty() && !has(pairs.answered, kind.output, id)) {
        out.push_back(fmt::format("input[{}]: {} {} has no {}", i, type, id, kind.output));
      }
    }
    if (known_output && !has(pairs.asked, type, id)) {
      out.push_back(fmt::format("input[{}]: {} {} answers no call in this input", i, type, id));
    }
  }
  return out;
}

}  // namespace burin::testkit
