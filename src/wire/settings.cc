#include "wire/settings.h"

namespace burin::mapping {

namespace settings_detail {

constexpr std::string_view kPlainErrors[] = {"context_window_exceeded", "usage_limit_exceeded",   "server_overloaded",
                                             "internal_server_error",   "unauthorized",           "bad_request",
                                             "sandbox_error",           "thread_rollback_failed", "other"};
constexpr std::string_view kStatusErrors[] = {"http_connection_failed", "response_stream_connection_failed",
                                              "response_stream_disconnected", "response_too_many_failed_attempts"};

bool among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The only member of `{"key": …}`, or null.
const json::key_value_pair* single(const json::value& v) {
  const auto* object = v.if_object();
  return object != nullptr && object->size() == 1 ? &*object->begin() : nullptr;
}

struct HttpStatus {
  Nullable<std::int64_t> http_status_code;
};
BURIN_WIRE(HttpStatus, http_status_code)

void write_pair(std::string& out, std::string_view key, const auto& payload) {
  out += '{';
  write_json_string(out, key);
  out += ':';
  write_mapped(out, payload);
  out += '}';
}

}  // namespace settings_detail

using namespace settings_detail;

bool As<wire::AskForApproval>::read(wire::AskForApproval& out, const json::value& v, Bad& bad) {
  const auto* member = single(v);
  const bool reject = member != nullptr && member->key() == "reject";
  if (reject) {
    out.mode = wire::ApprovalMode::reject;
    return As<wire::RejectRules>::read(out.reject, member->value(), bad) || bad.in_member("reject");
  }
  if (!As<wire::ApprovalMode>::read(out.mode, v, bad)) return false;
  return out.mode != wire::ApprovalMode::reject || bad.say("`reject` needs its three flags");
}
void As<wire::AskForApproval>::write(std::string& out, const wire::AskForApproval& value) {
  if (value.mode == wire::ApprovalMode::reject) return write_pair(out, "reject", value.reject);
  write_mapped(out, value.mode);
}

bool As<wire::CodexErrorInfo>::read(wire::CodexErrorInfo& out, const json::value& v, Bad& bad) {
  std::string_view kind;
  if (const auto* name = v.if_string(); name != nullptr && among(kPlainErrors, kind = view(*name))) {
    out = wire::CodexErrorInfo::named(kind);
    return true;
  }
  const auto* member = single(v);
  if (member != nullptr && among(kStatusErrors, kind = member->key())) {
    HttpStatus status;
    if (!As<HttpStatus>::read(status, member->value(), bad)) return bad.in_member(kind);
    out = wire::CodexErrorInfo::with_status(kind, status.http_status_code);
    return true;
  }
  if (kind.empty()) return bad.wrong_type(v, "an error class");
  std::vector<std::string_view> names(std::begin(kPlainErrors), std::end(kPlainErrors));
  names.insert(names.end(), std::begin(kStatusErrors), std::end(kStatusErrors));
  return unknown_variant(bad, kind, names);
}
void As<wire::CodexErrorInfo>::write(std::string& out, const wire::CodexErrorInfo& value) {
  if (!among(kStatusErrors, value.kind)) return write_json_string(out, value.kind);
  HttpStatus status;
  status.http_status_code = value.http_status_code;
  write_pair(out, value.kind, status);
}

bool As<wire::AgentStatus>::read(wire::AgentStatus& out, const json::value& v, Bad& bad) {
  out.message.reset();
  const auto* member = single(v);
  if (member == nullptr) return As<wire::AgentState>::read(out.state, v, bad);
  if (!As<wire::AgentState>::read(out.state, json::value(member->key()), bad)) return false;
  return As<std::optional<std::string>>::read(out.message, member->value(), bad) || bad.in_member(member->key());
}
void As<wire::AgentStatus>::write(std::string& out, const wire::AgentStatus& value) {
  using enum wire::AgentState;
  if (value.state == completed) return write_pair(out, "completed", Nullable<std::string>(value.message));
  if (value.state == errored) return write_pair(out, "errored", value.message.value_or(""));
  write_mapped(out, value.state);
}

}  // namespace burin::mapping
