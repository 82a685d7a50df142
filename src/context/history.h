// The conversation as the model sees it: the one owner of the list of items (context.md 1).
//
// Each item is kept as the JSON text that goes over the wire, beside the few facts that rules need (kind, call id,
// role, estimated tokens). So recording is O(1), the sums of the token accounting are always up to date, and building a
// request is one pass over the bytes that are sent.
//
// Invariants (a prompt view never breaks them, whatever was recorded): every call has an output and every output its
// call; no ghost snapshots; no images for models without vision. The stored list is never changed by building a view.
// What must not occur (an output without call, a custom or local shell call without output) is logged as an error.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "context/tokens.h"
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
  Tally::Entry counts;
  std::uint64_t digest = 0;  // of `json`
  bool contextual = false;   // a user message that is a fragment of ours
  bool developer = false;    // a message of role developer
  bool has_image = false;

  /// A message of role user that is not ours: starts a user turn.
  bool real_user() const { return counts.user && !contextual; }
  bool call() const {
    return kind == ItemKind::function_call || kind == ItemKind::custom_call || kind == ItemKind::local_shell_call;
  }
  bool output() const { return kind == ItemKind::function_output || kind == ItemKind::custom_output; }
};

/// The item again, from its JSON.
wire::ResponseItem item_of(const HistoryItem& item);

/// One image: the item it is in and which of the item's images it is.
struct ImageRef {
  std::size_t item = 0, image = 0;
  auto operator<=>(const ImageRef&) const = default;
};

class Selection;

struct ViewOptions {
  bool images = true;                           // the model accepts images
  bool freeform_patch = false;                  // re-render structured shell outputs (context.md 1.6)
  const std::vector<ImageRef>* hide = nullptr;  // images to be replaced by a placeholder, ascending
  const Selection* only = nullptr;              // nothing but these items
};

/// The `input` of a request. Views point into the history or into `owned`; valid while neither changes.
struct PromptView {
  std::vector<std::string_view> input;
  std::vector<std::string_view> ids;
  std::vector<std::uint64_t> digests;  // of each input item: equal for equal bytes
  std::deque<std::string> owned;
};

class History {
 public:
  /// Records one item; false when it is of a kind that is never recorded (unknown types, system messages). Outputs are
  /// cut with the policy times 1.2.
  bool record(const wire::ResponseItem& item, const wire::TruncationPolicy& policy);
  /// Swaps the whole list; outputs are not cut again.
  void replace(const std::vector<wire::ResponseItem>& items);

  PromptView view(const ViewOptions& options) const;

  /// Cuts from the n-th last real user message to the end; more than there are: from the first one; none: nothing.
  void drop_last_user_turns(std::size_t n);

  /// The images that no request has carried to the server without complaint, oldest first. All of them once the last
  /// one is known to be good, for a server may change its mind.
  std::vector<ImageRef> suspect_images() const;
  /// The server took everything that is recorded so far.
  void images_accepted() { accepted_ = items_.size(); }
  /// Puts the placeholder in the place of one image for good. In memory only: the log keeps what was recorded.
  void remove_image(const ImageRef& image);
  /// Undoes remove_image: the item as it was.
  void put_back(std::size_t index, HistoryItem original);

  const Tally& tally() const { return tally_; }
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
  void add(const wire::ResponseItem& item, HistoryItem facts);
  void index(const HistoryItem& item);
  void count_again();
  bool orphan(const HistoryItem& item, const CallState& call) const;
  std::string freeform_of(const HistoryItem& output, const wire::FunctionOutput& body) const;

  std::string scratch_;
  std::deque<HistoryItem> items_;
  std::unordered_map<std::string, CallState> calls_;
  Tally tally_;
  std::size_t accepted_ = 0;  // items of the front that the server has taken
};

/// Text form of a structured shell output, or nothing when `output` is not one (context.md 1.6).
std::optional<std::string> freeform_of_structured(std::string_view output);

}  // namespace burin::context
