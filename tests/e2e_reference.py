#!/usr/bin/env python3
"""Sessions of Burin resumed by the reference, and the reverse. What counts is the history that reaches the server.

Usage: e2e_reference.py BINARY [test…]. $BURIN_REFERENCE names a binary of the reference; without it nothing is tested.
"""
import json
import os
import subprocess
import sys

import harness
from harness import Mock, Place, call, completed, created, message, run, wait_until

BINARY = ""
REFERENCE = os.environ.get("BURIN_REFERENCE", "")


def model(body):
    """Says what it was asked; before that runs a command if the prompt wants work."""
    last = body["input"][-1]
    prompt = [part.get("text", "") for item in body["input"] if item.get("role") == "user"
              for part in item["content"]][-1]
    if last["type"] == "message" and "work" in prompt:
        return [created(), call("shell_command", {"command": "echo from-the-tool"}, f"c{len(body['input'])}"),
                completed()]
    return [created(), message("answer to " + prompt), completed()]


def ask(binary, place, prompt, *more):
    result = run(binary, place, ["exec", "--json", "--skip-git-repo-check", *more, prompt])
    assert result.returncode == 0, (binary, result.stdout, result.stderr)
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[-1]["type"] == "turn.completed", events
    return events[0]["thread_id"]


def conversation(request):
    """The request's input without what the client itself tells: user and assistant texts, calls, outputs."""
    out = []
    for item in request["body"]["input"]:
        if item["type"] == "message" and item["role"] in ("user", "assistant"):
            texts = [part.get("text", "") for part in item["content"]]
            if not texts[0].startswith("<") and not texts[0].startswith("# AGENTS.md"):
                out.append(texts[0])
        elif item["type"] == "function_call":
            out.append("call")
        elif item["type"] == "function_call_output":
            out.append("output" if "from-the-tool" in item["output"] else item["output"])
    return out


def last_conversation(mock):
    return conversation(mock.requests[-1])


FIRST = ["first work", "call", "output", "answer to first work"]


def test_each_goes_on_with_what_the_other_wrote():
    for writer, reader in ((BINARY, REFERENCE), (REFERENCE, BINARY)):
        with Place() as place, Mock([model]) as mock:
            place.configure(mock)
            thread = ask(writer, place, "first work")
            assert ask(reader, place, "second", "resume", thread) == thread
            assert last_conversation(mock) == FIRST + ["second"], last_conversation(mock)
            assert ask(writer, place, "third work", "resume", thread) == thread
            want = FIRST + ["second", "answer to second", "third work", "call", "output"]
            assert last_conversation(mock) == want, last_conversation(mock)
            ask(reader, place, "fourth", "resume", thread)
            assert last_conversation(mock) == want + ["answer to third work", "fourth"], last_conversation(mock)
            assert len(place.rollouts()) == 1


def test_a_killed_turn_goes_on_in_the_other():
    marker = f"sleep 34{os.getpid()}"
    for writer, reader in ((BINARY, REFERENCE), (REFERENCE, BINARY)):
        script = [[created(), message("I begin"), call("shell_command", {"command": marker, "timeout_ms": 60000}),
                   completed()]]
        with Place() as place, Mock(script) as mock:
            place.configure(mock)
            process = subprocess.Popen([writer, "exec", "--json", "--skip-git-repo-check", "go"], cwd=place.cwd,
                                       env=place.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            assert wait_until(lambda: harness.alive(marker) or harness.alive("/bin/bash -lc " + marker), 20)
            process.kill()
            thread = json.loads(process.communicate(timeout=20)[0].splitlines()[0])["thread_id"]
            mock.script = [model]
            ask(reader, place, "go on", "resume", thread)
            assert last_conversation(mock) == ["go", "I begin", "call", "aborted", "go on"], last_conversation(mock)


def test_the_other_reads_what_was_repaired():
    with Place() as place, Mock([model]) as mock:
        place.configure(mock)
        thread = ask(BINARY, place, "first work")
        (path,) = place.rollouts()
        whole = path.read_bytes()
        # A record that a crash cut short: continued by us, then by the other.
        path.write_bytes(whole + b'{"timestamp":"2026-03-05T09:15:10.017Z","type":"response_item","payl')
        ask(BINARY, place, "second", "resume", thread)
        ask(REFERENCE, place, "third", "resume", thread)
        assert last_conversation(mock) == FIRST + ["second", "answer to second", "third"], last_conversation(mock)
        # A hole in the middle, rescued to a new file in the place of the old one.
        lines = path.read_bytes().splitlines(keepends=True)
        lines[6:6] = [b"\0" * 512 + b"\n"]
        path.write_bytes(b"".join(lines))
        saved = place.root / path.name
        rescued = run(BINARY, place, ["fsck", "--rescue", str(saved), str(path)])
        assert saved.exists(), (rescued.stdout, rescued.stderr)
        path.write_bytes(saved.read_bytes())
        ask(REFERENCE, place, "fourth", "resume", thread)
        assert last_conversation(mock)[-3:] == ["third", "answer to third", "fourth"], last_conversation(mock)
        assert last_conversation(mock)[:4] == FIRST


if __name__ == "__main__":
    BINARY = sys.argv[1]
    if not REFERENCE:
        print("skipped: BURIN_REFERENCE names no binary of the reference")
        sys.exit(0)
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
