#include "testkit/captured_request.h"

#include <zstd.h>

#include "base/text.h"
#include "testkit/mismatch.h"

namespace burin::testkit {

namespace captured_detail {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decode(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    int high = s[i] == '%' && i + 2 < s.size() ? hex_digit(s[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(s[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += s[i] == '+' ? ' ' : s[i];
    }
  }
  return out;
}

bool is_message_of(const json::value& item, std::string_view role) {
  return find_string(item, "type") == "message" && find_string(item, "role") == role;
}

std::vector<std::string> parts_of(const json::value& message, std::string_view type, std::string_view key) {
  std::vector<std::string> out;
  const auto* content = find_array(message, "content");
  if (content == nullptr) return out;
  for (const auto& part : *content) {
    if (find_string(part, "type") != type) continue;
    if (auto text = find_string(part, key)) out.emplace_back(*text);
  }
  return out;
}

std::optional<std::string> output_text(const json::value& output) {
  if (const auto* s = output.if_string()) return std::string(view(*s));
  const auto* parts = output.if_array();
  if (parts == nullptr || parts->size() != 1 || find_string((*parts)[0], "type") != "input_text") return std::nullopt;
  auto text = find_string((*parts)[0], "text");
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<CallOutput> content_and_success(const json::value* item) {
  const json::value* output = item == nullptr ? nullptr : find(*item, "output");
  if (output == nullptr) return std::nullopt;
  if (!output->is_object()) return CallOutput{output_text(*output), std::nullopt};
  CallOutput out;
  if (auto text = find_string(*output, "content")) out.content = std::string(*text);
  out.success = find_bool(*output, "success");
  return out;
}

void decode_body(CapturedRequest& r) {
  for (const auto& value : r.headers_all("content-encoding")) {
    for (auto coding : split(value, ',')) {
      coding = trim(coding);
      if (coding.empty() || equals_ignore_case(coding, "identity")) continue;
      if (!equals_ignore_case(coding, "zstd")) {
        r.trouble = fmt::format("body has content-encoding {}, which this server cannot undo", coding);
        return;
      }
      auto plain = zstd_decode(r.body());
      if (!plain) {
        r.trouble = "body is not what its content-encoding says: " + plain.error().text();
        return;
      }
      r.decoded_body = std::move(*plain);
    }
  }
}

/// Forms and files are no JSON on purpose. Without a content-type, JSON is expected.
bool claims_json(const CapturedRequest& r) {
  auto type = r.header("content-type");
  return !type || contains(to_lower_ascii(*type), "json");
}

}  // namespace captured_detail

Result<std::string> zstd_decode(std::string_view bytes, std::size_t limit) {
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  std::size_t pending = 1;
  do {
    std::size_t have = out.size();
    out.resize(have + ZSTD_DStreamOutSize());
    ZSTD_outBuffer to{out.data() + have, out.size() - have, 0};
    std::size_t before = in.pos;
    pending = ZSTD_decompressStream(stream.get(), &to, &in);
    out.resize(have + to.pos);
    if (ZSTD_isError(pending)) return fail(Kind::invalid, fmt::format("zstd: {}", ZSTD_getErrorName(pending)));
    if (out.size() > limit) return fail(Kind::invalid, fmt::format("zstd: more than {} bytes", limit));
    // Neither side moved: the input ends inside a frame.
    if (to.pos == 0 && in.pos == before) break;
  } while (in.pos < in.size || pending != 0);
  if (pending != 0) return fail(Kind::invalid, "zstd: the data ends inside a frame");
  return out;
}

CapturedRequest CapturedRequest::from(const io::ServerRequest& request) {
  CapturedRequest r;
  r.method = request.method;
  r.path = request.path;
  r.query = request.query;
  r.headers = request.headers;
  r.raw_body = request.body;
  captured_detail::decode_body(r);
  if (!r.body().empty() && r.trouble.empty()) {
    auto parsed = parse_json(r.body());
    r.has_json = parsed.has_value();
    if (parsed) {
      r.json = std::move(*parsed);
    } else if (captured_detail::claims_json(r)) {
      r.trouble = "body is not JSON: " + parsed.error().text();
    }
  }
  return r;
}

const json::value& CapturedRequest::body_json() const {
  if (!has_json) throw Mismatch(fmt::format("request {} ({} {}) has no JSON body", sequence, method, path));
  return json;
}

bool CapturedRequest::body_contains_text(std::string_view text) const {
  std::string literal;
  write_json_string(literal, text);
  return contains(body(), std::string_view(literal).substr(1, literal.size() - 2));
}

std::string CapturedRequest::instructions_text() const {
  return std::string(find_string(json, "instructions").value_or(""));
}

const json::array& CapturedRequest::input() const {
  static const json::array none;
  const auto* input = find_array(json, "input");
  return input == nullptr ? none : *input;
}

std::vector<const json::value*> CapturedRequest::inputs_of_type(std::string_view type) const {
  std::vector<const json::value*> out;
  for (const auto& item : input()) {
    if (find_string(item, "type") == type) out.push_back(&item);
  }
  return out;
}

std::vector<std::vector<std::string>> CapturedRequest::message_input_text_groups(std::string_view role) const {
  std::vector<std::vector<std::string>> out;
  for (const auto& item : input()) {
    if (captured_detail::is_message_of(item, role))
      out.push_back(captured_detail::parts_of(item, "input_text", "text"));
  }
  return out;
}

std::vector<std::string> CapturedRequest::message_input_texts(std::string_view role) const {
  std::vector<std::string> out;
  for (auto& group : message_input_text_groups(role)) {
    out.insert(out.end(), std::make_move_iterator(group.begin()), std::make_move_iterator(group.end()));
  }
  return out;
}

bool CapturedRequest::has_message_with_input_texts(
    std::string_view role, const std::function<bool(const std::vector<std::string>&)>& accepts) const {
  auto groups = message_input_text_groups(role);
  return std::any_of(groups.begin(), groups.end(), accepts);
}

std::vector<std::string> CapturedRequest::message_input_image_urls(std::string_view role) const {
  std::vector<std::string> out;
  for (const auto& item : input()) {
    if (!captured_detail::is_message_of(item, role)) continue;
    for (auto& url : captured_detail::parts_of(item, "input_image", "image_url")) out.push_back(std::move(url));
  }
  return out;
}

const json::value* CapturedRequest::call_output(std::string_view call_id, std::string_view type) const {
  for (const auto& item : input()) {
    if (find_string(item, "type") == type && find_string(item, "call_id") == call_id) return &item;
  }
  return nullptr;
}

const json::value* CapturedRequest::function_call_output(std::string_view call_id) const {
  return call_output(call_id, "function_call_output");
}

const json::value* CapturedRequest::custom_tool_call_output(std::string_view call_id) const {
  return call_output(call_id, "custom_tool_call_output");
}

bool CapturedRequest::has_function_call(std::string_view call_id) const {
  return call_output(call_id, "function_call") != nullptr;
}

std::optional<std::string> CapturedRequest::function_call_output_text(std::string_view call_id) const {
  auto output = function_call_output_content_and_success(call_id);
  return output ? output->content : std::nullopt;
}

std::optional<std::string> CapturedRequest::custom_tool_call_output_text(std::string_view call_id) const {
  auto output = custom_tool_call_output_content_and_success(call_id);
  return output ? output->content : std::nullopt;
}

std::optional<CallOutput> CapturedRequest::function_call_output_content_and_success(std::string_view call_id) const {
  return captured_detail::content_and_success(function_call_output(call_id));
}

std::optional<CallOutput> CapturedRequest::custom_tool_call_output_content_and_success(std::string_view call_id) const {
  return captured_detail::content_and_success(custom_tool_call_output(call_id));
}

std::optional<std::string> CapturedRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignore_case(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string> CapturedRequest::headers_all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : headers) {
    if (equals_ignore_case(key, name)) out.push_back(value);
  }
  return out;
}

std::optional<std::string> CapturedRequest::query_param(std::string_view name) const {
  for (auto pair : split(query, '&')) {
    auto eq = pair.find('=');
    if (captured_detail::percent_decode(pair.substr(0, eq)) != name) continue;
    return eq == std::string_view::npos ? std::string() : captured_detail::percent_decode(pair.substr(eq + 1));
  }
  return std::nullopt;
}

std::vector<std::string> CapturedRequest::tool_names() const {
  std::vector<std::string> out;
  const auto* tools = find_array(json, "tools");
  if (tools == nullptr) return out;
  for (const auto& tool : *tools) {
    auto name = find_string(tool, "name");
    out.emplace_back(name ? *name : find_string(tool, "type").value_or(""));
  }
  return out;
}

}  // namespace burin::testkit
