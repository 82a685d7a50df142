// The control endpoints of `burin mock-server`, below /__mock/: never recorded as traffic (model-client.md 16.11).
//
//   GET  requests               what came, as the `http` lines of the log
//   GET  problems               what was unexpected so far
//   GET  wait?kind=K&count=N&timeout_ms=T   waits for N facts of kind http, response-done or problem
//   POST gate/NAME              lets the responses go on that wait there
//   POST script                 adds the mounts of the script in the body
//   POST reset                  forgets mounts, requests, problems
//   POST shutdown               ends the program
//
// Answers are JSON; mistakes are 400 or 404 with {"error": text}.
#pragma once
#include <functional>

#include "base/json.h"
#include "io/http_server.h"
#include "testkit/captured_request.h"

namespace burin::testkit {

class MockServer;

/// Answers one control request. `shutdown` is called for POST shutdown, after the answer.
io::Task<> answer_control(MockServer* server, io::ServerExchange* exchange, std::function<void()> shutdown);

/// The `http` line of the log, without "t" and "kind".
void add_request_fields(json::object& line, const CapturedRequest& request);

}  // namespace burin::testkit
