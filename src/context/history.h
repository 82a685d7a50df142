// The conversation as the model sees it: the one owner of the list of items (context.md 1).
//
// Each item is kept as the JSON text that goes over the wire, beside the few facts that rules need (kind, call id,
// role). So recording is O(1) and building a request is one pass over the bytes that are sent.
//
// Invariants (a prompt view never breaks them, whatever was recorded): every call has exactly one output and every
// output its call; no ghost snapshots; no images for models without vision. The stored list is never changed by
// building a view.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire/item.h"
#include "wire/settings.h"

namespace burin::context {

enum class ItemKind : unsigned char {
  message,
  reasoning,
  function_call,
  function_output,
  custom_call,
  custom_output,
  local_shell_call,
  web_search,
  image_generation,
  ghost_snapshot,
  compaction,
};

struct HistoryItem {
  ItemKind kind{};
  std::string json;      // wire form
  std::string call_id;   // calls and outputs
  std::string id;        // the server's id, only sent to Azure
  std::string freeform;  // a structured shell output as text, for requests that offer the freeform patch tool; or empty
  bool user = false;     // a message of role user
  bool contextual = false;  // … that is a fragment of ours
  bool has_image = false;
};

struct ViewOptions {
  bool images = true;           // the model accepts images
  bool freeform_patch = false;  // re-render structured shell outputs (context.md 1.6)
};

/// The `input` of a request. Views point into the history or into `owned`; valid while neither changes.
struct PromptView {
  std::vector<std::string_view> input;
  std::vector<std::string_view> ids;
  std::deque<std::string> owned;
};

class History {
 public:
  /// Records one item; false when it is of a kind that is never recorded (unknown types, system messages). Outputs are
  /// cut with the policy times 1.2.
  bool record(const wire::ResponseItem& item, const wire::TruncationPolicy& policy);

  PromptView view(const ViewOptions& options) const;

  /// Replaces the images of the last item that is a tool output or a user message; false unless that is a tool output
  /// with at least one image (context.md 8.5).
  bool drop_last_tool_images();

  /// Cuts from the n-th last real user message to the end; more than there are: from the first one; none: nothing.
  void drop_last_user_turns(std::size_t n);

  const std::deque<HistoryItem>& items() const { return items_; }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  void clear();

 private:
  struct CallState {
    bool function_call = false, local_shell_call = false, custom_call = false;
    bool function_output = false, custom_output = false;
    bool reshapes = false;  // a call whose structured output is re-rendered
  };
  void index(const HistoryItem& item);
  std::deque<HistoryItem> items_;
  std::unordered_map<std::string, CallState> calls_;
};

/// Text form of a structured shell output, or nothing when `output` is not one (context.md 1.6).
std::optional<std::string> freeform_of_structured(std::string_view output);

}  // namespace burin::context
