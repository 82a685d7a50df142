// Response items: what goes to the model and comes from it, and what the session file keeps (model-client.md 7).
//
// One union serves requests, stream events and files. Two rules shape the structs. An `id` is read where servers send
// one, and never written: servers reject foreign ids, and stored files must not differ by them. Keys that a known kind
// does not have are dropped, as the reference does; items of an unknown kind keep their JSON in `Unknown`, and it is
// for the recorder to refuse them.
//
// Plain values: copy, move, no ownership beyond the strings. A variant's members are reached with std::get_if / visit.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/mapping.h"

namespace burin::wire {

enum class ImageDetail : unsigned char { auto_, low, high, original };
BURIN_ENUM(ImageDetail, {ImageDetail::auto_, "auto"}, {ImageDetail::low, "low"}, {ImageDetail::high, "high"},
           {ImageDetail::original, "original"})

struct InputText {
  std::string text;
};
BURIN_WIRE_TABLE(InputText, text)

struct InputImage {
  std::string image_url;              // a URL, mostly "data:image/png;base64,…"
  std::optional<ImageDetail> detail;  // in tool outputs only
};
BURIN_WIRE_TABLE(InputImage, image_url, detail)

struct OutputText {
  std::string text;
};
BURIN_WIRE_TABLE(OutputText, text)

/// A part of a message, or (without OutputText) of a tool output. Other part types make the item unreadable.
using ContentItem =
    StrictOneOf<"type", Alt<"input_text", InputText>, Alt<"input_image", InputImage>, Alt<"output_text", OutputText>>;

enum class MessagePhase : unsigned char { commentary, final_answer };
BURIN_ENUM(MessagePhase, {MessagePhase::commentary, "commentary"}, {MessagePhase::final_answer, "final_answer"})

struct Message {
  std::optional<std::string> id;
  std::string role;  // "user", "assistant", "developer", "system"
  std::vector<ContentItem> content;
  std::optional<bool> end_turn;
  Lenient<MessagePhase> phase;  // a phase nobody knows counts as none
};
BURIN_WIRE_TABLE(Message, (id, read_only), role, content, end_turn, phase)

struct SummaryText {
  std::string text;
};
BURIN_WIRE_TABLE(SummaryText, text)
using ReasoningSummaryItem = StrictOneOf<"type", Alt<"summary_text", SummaryText>>;

struct ReasoningText {
  std::string text;
};
BURIN_WIRE_TABLE(ReasoningText, text)
struct ReasoningPlainText {
  std::string text;
};
BURIN_WIRE_TABLE(ReasoningPlainText, text)
using ReasoningContentItem = StrictOneOf<"type", Alt<"reasoning_text", ReasoningText>, Alt<"text", ReasoningPlainText>>;

/// Raw reasoning (model-client.md 7.1): no list is written as null, a list with a reasoning_text as it is, and a list
/// without one not at all.
struct ReasoningContent {
  std::optional<std::vector<ReasoningContentItem>> parts;
};

struct Reasoning {
  std::string id;
  std::vector<ReasoningSummaryItem> summary;
  ReasoningContent content;
  Nullable<std::string> encrypted_content;
};

struct LocalShellExec {
  std::vector<std::string> command;
  Nullable<std::int64_t> timeout_ms;
  Nullable<std::string> working_directory;
  Nullable<std::map<std::string, std::string>> env;
  Nullable<std::string> user;
};
BURIN_WIRE_TABLE(LocalShellExec, command, timeout_ms, working_directory, env, user)
using LocalShellAction = StrictOneOf<"type", Alt<"exec", LocalShellExec>>;

enum class LocalShellStatus : unsigned char { completed, in_progress, incomplete };
BURIN_ENUM(LocalShellStatus, {LocalShellStatus::completed, "completed"}, {LocalShellStatus::in_progress, "in_progress"},
           {LocalShellStatus::incomplete, "incomplete"})

struct LocalShellCall {
  std::optional<std::string> id;  // the call id when `call_id` is unset
  Nullable<std::string> call_id;
  LocalShellStatus status{};
  LocalShellAction action;
};
BURIN_WIRE_TABLE(LocalShellCall, (id, read_only), call_id, status, action)

struct FunctionCall {
  std::optional<std::string> id;
  std::string name;
  std::string arguments;  // JSON text as the model wrote it; may be anything
  std::string call_id;
};
BURIN_WIRE_TABLE(FunctionCall, (id, read_only), name, arguments, call_id)

/// What a tool gave back: text, or parts (input_text, input_image). `success` is for this process only.
struct FunctionOutput {
  std::variant<std::string, std::vector<ContentItem>> body;
  std::optional<bool> success;

  const std::string* text() const { return std::get_if<std::string>(&body); }
  std::string* text() { return std::get_if<std::string>(&body); }
  const std::vector<ContentItem>* items() const { return std::get_if<std::vector<ContentItem>>(&body); }
  std::vector<ContentItem>* items() { return std::get_if<std::vector<ContentItem>>(&body); }
};

struct FunctionCallOutput {
  std::string call_id;
  FunctionOutput output;
};
struct CustomToolCallOutput {
  std::string call_id;
  FunctionOutput output;
};

struct CustomToolCall {
  std::optional<std::string> id;
  std::optional<std::string> status;
  std::string call_id;
  std::string name;
  std::string input;
};
BURIN_WIRE_TABLE(CustomToolCall, (id, read_only), status, call_id, name, input)

struct WebSearchSearch {
  std::optional<std::string> query;
  std::optional<std::vector<std::string>> queries;
};
BURIN_WIRE_TABLE(WebSearchSearch, query, queries)
struct WebSearchOpenPage {
  std::optional<std::string> url;
};
BURIN_WIRE_TABLE(WebSearchOpenPage, url)
struct WebSearchFindInPage {
  std::optional<std::string> url;
  std::optional<std::string> pattern;
};
BURIN_WIRE_TABLE(WebSearchFindInPage, url, pattern)
struct WebSearchOther {
  static constexpr bool catch_all = true;
};
BURIN_WIRE_TABLE(WebSearchOther)
/// Also the `action` of web search events and turn items. Default: other.
using WebSearchAction = StrictOneOf<"type", Alt<"other", WebSearchOther>, Alt<"search", WebSearchSearch>,
                                    Alt<"open_page", WebSearchOpenPage>, Alt<"find_in_page", WebSearchFindInPage>>;

struct WebSearchCall {
  std::optional<std::string> id;
  std::optional<std::string> status;
  std::optional<WebSearchAction> action;
};
BURIN_WIRE_TABLE(WebSearchCall, (id, read_only), status, action)

struct ImageGenerationCall {
  std::string id;
  std::string status;
  std::optional<std::string> revised_prompt;
  std::string result;  // base64 or a data URL
};
BURIN_WIRE_TABLE(ImageGenerationCall, id, status, revised_prompt, result)

/// A commit that holds the state of the work tree before a turn (session.md 7).
struct GhostCommit {
  std::string id;
  Nullable<std::string> parent;
  std::vector<std::string> preexisting_untracked_files;
  std::vector<std::string> preexisting_untracked_dirs;
};
BURIN_WIRE_TABLE(GhostCommit, id, parent, (preexisting_untracked_files, defaulted),
                 (preexisting_untracked_dirs, defaulted))
struct GhostSnapshot {
  GhostCommit ghost_commit;
};
BURIN_WIRE_TABLE(GhostSnapshot, ghost_commit)

struct Compaction {
  std::string encrypted_content;
};
BURIN_WIRE_TABLE(Compaction, encrypted_content)

}  // namespace burin::wire

// The two members whose forms no table can say; see their structs.
template <>
struct burin::mapping::As<burin::wire::ReasoningContent> {
  static bool read(wire::ReasoningContent& out, const json::value& v, Bad& bad);
  static void write(std::string& out, const wire::ReasoningContent& value);
  static bool empty(const wire::ReasoningContent& value);  // to be left out, not: without parts
};
template <>
struct burin::mapping::As<burin::wire::FunctionOutput> {
  static bool read(wire::FunctionOutput& out, const json::value& v, Bad& bad);
  static void write(std::string& out, const wire::FunctionOutput& value);
};

namespace burin::wire {

BURIN_WIRE_TABLE(Reasoning, (id, read_only), summary, (content, omit_empty), encrypted_content)
BURIN_WIRE_TABLE(FunctionCallOutput, call_id, output)
BURIN_WIRE_TABLE(CustomToolCallOutput, call_id, output)

using ResponseItem =
    OneOf<"type", Alt<"message", Message>, Alt<"reasoning", Reasoning>, Alt<"local_shell_call", LocalShellCall>,
          Alt<"function_call", FunctionCall>, Alt<"function_call_output", FunctionCallOutput>,
          Alt<"custom_tool_call", CustomToolCall>, Alt<"custom_tool_call_output", CustomToolCallOutput>,
          Alt<"web_search_call", WebSearchCall>, Alt<"image_generation_call", ImageGenerationCall>,
          Alt<"ghost_snapshot", GhostSnapshot>, Alt<"compaction", Compaction, "compaction_summary">>;

/// Fails when a known kind lacks a field or has one that cannot be read; an unknown kind is no error.
Result<ResponseItem> read_item(const json::value& value);
/// The wire form, `type` first. Unknown items as they came.
void write_item(std::string& out, const ResponseItem& item);
std::string dump_item(const ResponseItem& item);

/// The wire name of the kind; for unknown items the one they came with.
std::string_view item_type(const ResponseItem& item);
/// Calls of tools that we run (not web_search_call, which the server runs), and the outputs of such calls.
bool is_call(const ResponseItem& item);
bool is_output(const ResponseItem& item);
/// The id that ties a call to its output, "" for other kinds. A local shell call without `call_id` gives its `id`.
std::string_view call_id_of(const ResponseItem& item);
/// The id that the server gave the item, "" without one.
std::string_view item_id(const ResponseItem& item);
/// "" for what is not a message.
std::string_view role_of(const ResponseItem& item);
/// Whether the server produces such items (context.md 3.4).
bool is_model_generated(const ResponseItem& item);

/// A message of one part: output_text for the role "assistant", else input_text.
Message make_message(std::string role, std::string text);
/// The texts of all parts, joined by nothing.
std::string text_of(const std::vector<ContentItem>& content);

}  // namespace burin::wire
