// Signing in without a browser on this machine: the user types a short code at the issuer's page, wherever, and we ask
// until it was accepted (RFC 8628 in spirit; endpoints and shapes are the issuer's own).
#pragma once
#include "model/login.h"

namespace burin::model {

struct DeviceCode {
  std::string page;  // where the user goes
  std::string user_code;
  std::string device_auth_id;
  io::Span interval{};  // between two questions
};

/// Kind::unsupported when the issuer offers no device codes.
io::Task<Result<DeviceCode>> request_device_code(io::World& world, const LoginOptions& options);
/// Waits until the user has typed the code, at most 15 minutes: after that it is void (Kind::timeout).
io::Task<Result<ChatGptTokens>> finish_device_login(io::World& world, const LoginOptions& options, DeviceCode code);

}  // namespace burin::model
