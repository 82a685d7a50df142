// A prompt's input as the alternating messages of other protocols.
//
// The Responses API takes a list of items in any order; chat completions and the messages API want messages of a user
// and an assistant by turns, with the output of every call directly behind the message that holds the calls. What both
// need is done here once: items are read (each one time), developer texts find their place, neighbours of one side are
// put together, each call gets its output, and names and ids become such as every server accepts.
//
// Views point into the transcript's own items; it can be moved, not copied.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/error.h"
#include "model/request.h"
#include "wire/item.h"

namespace burin::model {

/// A call with its output. The other side knows function calls only, so freeform and local shell calls are shown as
/// such.
struct TranscriptCall {
  std::string id;                                // unique in the transcript, [A-Za-z0-9_-]+
  std::string name;                              // [A-Za-z0-9_-]+
  std::string arguments;                         // the JSON text of an object
  const wire::FunctionOutput* output = nullptr;  // null: none is there
};

using TranscriptBlock = std::variant<std::string_view, const wire::InputImage*, const wire::Reasoning*, TranscriptCall>;

struct TranscriptTurn {
  bool assistant = false;
  std::vector<TranscriptBlock> blocks;  // at least one; texts are never blank

  /// Whether there is a call among the blocks.
  bool calls() const;
};

struct Transcript {
  Transcript() = default;
  Transcript(Transcript&&) = default;
  Transcript& operator=(Transcript&&) = default;

  std::vector<wire::ResponseItem> items;
  /// The texts of developer messages before anything else: they belong to the instructions. Later ones are user text:
  /// many chat templates refuse or drop a system message in the middle.
  std::vector<std::string_view> system;
  /// The same side twice only where the outputs of the first one's calls stand between.
  std::vector<TranscriptTurn> turns;
};

/// Fails for an item that cannot be read. Items that only the Responses API understands (its encrypted reasoning and
/// compactions, web searches) are left out; reasoning is passed on for the wire to judge.
ModelResult<Transcript> read_transcript(const Prompt& prompt);

/// Reasoning that another wire than the Responses API gave is marked in `encrypted_content`: the mark, the wire's name,
/// a colon, and what the wire needs to send it back.
inline constexpr std::string_view reasoning_mark = "burin-wire:";
/// What stands behind the mark of that wire; nullopt when the reasoning is not from it.
std::optional<std::string_view> marked_reasoning(const wire::Reasoning& reasoning, std::string_view wire);

/// The name that every server accepts: other characters become `_`.
std::string plain_name(std::string_view name);

/// A tool of the prompt as a function.
struct FunctionTool {
  std::string name;
  std::string description;
  std::string parameters;  // JSON Schema, as text
};
/// Functions as they are; freeform tools as functions with the one string argument `input`. Tools that run at the
/// server are left out.
std::vector<FunctionTool> function_tools(std::string_view tools);

/// The freeform tools of a prompt, and how a function call comes back as the call that the program knows.
class CallNames {
 public:
  explicit CallNames(const Prompt& prompt);
  wire::ResponseItem call(std::string id, std::string name, std::string arguments) const;

 private:
  std::vector<std::string> freeform_;
};

}  // namespace burin::model
