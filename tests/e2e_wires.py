#!/usr/bin/env python3
"""End-to-end tests of providers that speak other protocols. Usage: e2e_wires.py BINARY [test…]."""
import json
import sys

import harness
from harness import Mock, Place, call, completed, created, message, run

BINARY = ""
MOCK = "model_providers.mock."
COMMAND = {"cmd": "echo from-the-shell"}


class Wire:
    """One protocol: how a server of it says things, and how it is asked."""

    def __init__(self, name, path, say, ask, outputs):
        self.name, self.path, self.say, self.ask, self.outputs = name, path, say, ask, outputs

    def options(self):
        return ["-c", f"{MOCK}wire_api={self.name}"]

    def mock(self, script):
        return Mock(script, self.path)


def responses_call(call_id):
    return [created(), call("exec_command", COMMAND, call_id), completed(15, "r1")]


def responses_text(text):
    return [created(), {"type": "response.output_item.added",
                        "item": {"type": "message", "role": "assistant", "id": "m", "content": []}},
            {"type": "response.output_text.delta", "delta": text}, message(text, "m"), completed(15, "r2")]


def chunk(delta, finish=None, **more):
    return json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk",
                       "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


CHAT_END = [json.dumps({"id": "chatcmpl-1", "choices": [],
                        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}), "[DONE]"]


def chat_call(call_id):
    arguments = json.dumps(COMMAND)
    return [chunk({"role": "assistant", "content": None}), chunk({"tool_calls": [
        {"index": 0, "id": call_id, "type": "function", "function": {"name": "exec_command", "arguments": ""}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": arguments[:7]}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": arguments[7:]}}]}), chunk({}, "tool_calls")] + CHAT_END


def chat_text(text):
    return [chunk({"role": "assistant", "content": text[:3]}), chunk({"content": text[3:]}), chunk({}, "stop")] + CHAT_END


def block(index, start, *deltas):
    return ([{"type": "content_block_start", "index": index, "content_block": start}] +
            [{"type": "content_block_delta", "index": index, "delta": d} for d in deltas] +
            [{"type": "content_block_stop", "index": index}])


def anthropic(blocks, reason):
    start = {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [],
                                                  "usage": {"input_tokens": 10, "output_tokens": 1}}}
    return [start, {"type": "ping"}] + blocks + [
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}}, {"type": "message_stop"}]


def thinking(text, signature):
    return block(0, {"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": text},
                 {"type": "signature_delta", "signature": signature})


def tool_block(call_id):
    return block(1, {"type": "tool_use", "id": call_id, "name": "exec_command", "input": {}},
                 {"type": "input_json_delta", "partial_json": json.dumps(COMMAND)})


def anthropic_call(call_id):
    return anthropic(tool_block(call_id), "tool_use")


def anthropic_text(text):
    return anthropic(block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": text}), "end_turn")


def responses_outputs(body):
    return {i["call_id"]: i["output"] for i in body["input"] if i["type"] == "function_call_output"}


def chat_outputs(body):
    return {m["tool_call_id"]: m["content"] for m in body["messages"] if m["role"] == "tool"}


def anthropic_outputs(body):
    return {b["tool_use_id"]: b["content"] for m in body["messages"] for b in m["content"] if b["type"] == "tool_result"}


RESPONSES = Wire("responses", "/v1/responses", responses_text, responses_call, responses_outputs)
CHAT = Wire("chat", "/v1/chat/completions", chat_text, chat_call, chat_outputs)
ANTHROPIC = Wire("anthropic", "/v1/messages", anthropic_text, anthropic_call, anthropic_outputs)
WIRES = [RESPONSES, CHAT, ANTHROPIC]


def header(request, name):
    return next((v for k, v in request["headers"].items() if k.lower() == name), None)


def test_nobody_can_tell_which_wire_it_was():
    seen, recorded = [], []
    for wire in WIRES:
        with Place() as place, wire.mock([wire.ask("c1"), wire.say("All done.")]) as mock:
            place.configure(mock)
            result = run(BINARY, place, ["exec", "--json", *wire.options(), "go"])
            assert result.returncode == 0, (wire.name, result.stdout, result.stderr)
            assert len(mock.requests) == 2, wire.name
            output = wire.outputs(mock.requests[1]["body"])["c1"]
            assert "from-the-shell" in output, output
            seen.append([json.loads(line) for line in result.stdout.splitlines()][1:])
            lines = [json.loads(line) for line in place.rollouts()[0].read_text().splitlines()]
            recorded.append([(l["type"], l["payload"].get("type"), l["payload"].get("name")) for l in lines])
    assert seen[0] == seen[1] == seen[2], seen
    assert seen[0][-1]["usage"]["input_tokens"] == 20 and seen[0][-1]["usage"]["output_tokens"] == 10, seen[0][-1]
    assert recorded[0] == recorded[1] == recorded[2], recorded


def test_requests_of_the_chat_wire():
    with Place() as place, CHAT.mock([CHAT.ask("c1"), CHAT.say("All done.")]) as mock:
        place.configure(mock)
        assert run(BINARY, place, ["exec", *CHAT.options(), "go"]).stdout == "All done.\n"
        first, second = (r["body"] for r in mock.requests)
        assert first["model"] == "gpt-5.1-codex" and first["stream"] and first["stream_options"] == {"include_usage": True}
        assert [m["role"] for m in first["messages"]] == ["system", "user"]
        assert first["messages"][1]["content"].endswith("\n\ngo")
        assert second["messages"][:2] == first["messages"] and second["tools"] == first["tools"]
        asked, answered = second["messages"][2:]
        assert asked["content"] is None and json.loads(asked["tool_calls"][0]["function"]["arguments"]) == COMMAND
        assert (answered["role"], answered["tool_call_id"]) == ("tool", "c1")
        assert all(t["type"] == "function" for t in first["tools"]), first["tools"]
        names = [t["function"]["name"] for t in first["tools"]]
        assert "exec_command" in names and "apply_patch" in names, names
        assert header(mock.requests[0], "authorization") == "Bearer k"
        assert not [k for k in mock.requests[0]["headers"] if k.lower().startswith(("x-codex", "session_id"))]


def test_requests_of_the_anthropic_wire():
    ask = anthropic(thinking("Look first.", "SIG") + tool_block("c1"), "tool_use")
    with Place() as place, ANTHROPIC.mock([ask, ANTHROPIC.say("All done.")]) as mock:
        place.configure(mock)
        assert run(BINARY, place, ["exec", *ANTHROPIC.options(), "go"]).stdout == "All done.\n"
        first, second = (r["body"] for r in mock.requests)
        assert first["max_tokens"] > first["thinking"]["budget_tokens"] >= 1024
        assert first["system"][-1]["cache_control"] == first["tools"][-1]["cache_control"] == {"type": "ephemeral"}
        assert [m["role"] for m in second["messages"]] == ["user", "assistant", "user"]
        assert second["messages"][1]["content"] == [
            {"type": "thinking", "thinking": "Look first.", "signature": "SIG"},
            {"type": "tool_use", "id": "c1", "name": "exec_command", "input": COMMAND}]
        request = mock.requests[0]
        assert header(request, "x-api-key") == "k" and header(request, "authorization") is None
        assert header(request, "anthropic-version") == "2023-06-01"


def test_a_thread_may_change_its_wire():
    ask = anthropic(thinking("Look first.", "SIG") + tool_block("c1"), "tool_use")
    with Place() as place:
        with ANTHROPIC.mock([ask, ANTHROPIC.say("one")]) as mock:
            place.configure(mock)
            assert run(BINARY, place, ["exec", *ANTHROPIC.options(), "first"]).stdout == "one\n"
        with CHAT.mock([CHAT.say("two")]) as mock:
            place.configure(mock)
            again = run(BINARY, place, ["exec", *CHAT.options(), "resume", "--last", "second"])
            assert again.stdout == "two\n", again.stderr
            body = mock.requests[0]["body"]
            assert [m["role"] for m in body["messages"]] == ["system", "user", "assistant", "tool", "assistant", "user"]
            assert "SIG" not in json.dumps(body)
        with ANTHROPIC.mock([ANTHROPIC.say("three")]) as mock:
            place.configure(mock)
            again = run(BINARY, place, ["exec", *ANTHROPIC.options(), "resume", "--last", "third"])
            assert again.stdout == "three\n", again.stderr
            assert "SIG" in json.dumps(mock.requests[0]["body"])


def test_a_freeform_patch_goes_through_a_function():
    patch = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n"
    answers = {
        CHAT: [chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {
            "name": "apply_patch", "arguments": json.dumps({"input": patch})}}]}, "tool_calls")] + CHAT_END,
        ANTHROPIC: anthropic(block(0, {"type": "tool_use", "id": "c1", "name": "apply_patch", "input": {}}, {
            "type": "input_json_delta", "partial_json": json.dumps({"input": patch})}), "tool_use")}
    for wire, answer in answers.items():
        with Place() as place, wire.mock([answer, wire.say("ok")]) as mock:
            place.configure(mock)
            result = run(BINARY, place, ["exec", "-s", "workspace-write", *wire.options(), "go"])
            assert result.returncode == 0, result.stderr
            assert (place.cwd / "new.txt").read_text() == "hello\n", (wire.name, mock.requests[1]["body"])
            assert "c1" in wire.outputs(mock.requests[1]["body"])


def test_a_cut_stream_is_asked_again():
    for wire in WIRES:
        with Place() as place, wire.mock([wire.say("half an answer")[:2], wire.say("whole")]) as mock:
            place.configure(mock)
            result = run(BINARY, place, ["exec", *wire.options(), "-c", MOCK + "stream_max_retries=1", "go"])
            assert (result.returncode, result.stdout) == (0, "whole\n"), (wire.name, result.stderr)
            assert mock.requests[0]["body"] == mock.requests[1]["body"]
            lines = place.rollouts()[0].read_text()
            assert "half" not in lines, wire.name


def test_a_full_window_is_not_asked_again():
    too_long = [{"error": {"code": 400, "message": "the request exceeds the available context size"}}]
    events = {CHAT: [json.dumps(too_long[0])], ANTHROPIC: [{"type": "error", "error": {
        "type": "invalid_request_error", "message": "prompt is too long: 2 tokens > 1 maximum"}}]}
    for wire, answer in events.items():
        with Place() as place, wire.mock([answer]) as mock:
            place.configure(mock)
            result = run(BINARY, place, ["exec", *wire.options(), "-c", MOCK + "stream_max_retries=3", "go"])
            assert result.returncode == 1 and len(mock.requests) == 1, (wire.name, result.stderr)
            assert "context window" in result.stderr, result.stderr


def test_unknown_wires_are_named():
    with Place() as place:
        place.configure(None)
        result = run(BINARY, place, ["exec", "-c", MOCK + "wire_api=grpc", "go"])
        assert result.returncode == 1
        assert "expected one of `responses`, `chat`, `anthropic`" in result.stderr, result.stderr


if __name__ == "__main__":
    BINARY = sys.argv[1]
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
