#!/usr/bin/env python3
"""The published TypeScript SDK against the program (cli-config.md 4). Usage: e2e_sdk.py BINARY.

Fetches the SDK from npm when it is not there yet; passes with a note when that cannot be had.
"""
import json
import pathlib
import shutil
import subprocess
import sys

import harness
from harness import Mock, Place, call, completed, message

HERE = pathlib.Path(__file__).resolve().parent / "sdk"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003"
                    "010100c9fe92ef0000000049454e44ae426082")


class Answers(list):
    """Chooses by the user's last message instead of by position."""

    def __init__(self, mock_requests):
        super().__init__([None])
        self.requests = mock_requests

    def __len__(self):
        return 1 << 30

    def __getitem__(self, _):
        return lambda body: answer(body)


def answer(body):
    last = [i for i in body["input"] if i.get("role") == "user"][-1]["content"]
    text = " ".join(p.get("text", "") for p in last)
    if "fail" in text:
        return {"status": 400, "body": {"error": {"message": "broken on purpose"}}}
    if "hang" in text:
        return {"events": [harness.created()], "hang": True}
    if "first" in text and not any(i["type"].endswith("_output") for i in body["input"]):
        return [call("exec_command", {"cmd": "echo hi", "login": False}), completed()]
    return [message("{\"a\":1}" if "structured" in text else "answer"), completed()]


def installed():
    if (HERE / "node_modules" / "@openai" / "codex-sdk").exists():
        return True
    if not shutil.which("npm"):
        return False
    try:
        return subprocess.run(["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"], cwd=HERE,
                              timeout=180, capture_output=True).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main():
    if not shutil.which("node") or not installed():
        print("the SDK cannot be had here: nothing to drive")
        return 0
    with Place() as place, Mock([]) as mock:
        mock.script = Answers(mock.requests)
        (place.cwd / "p.png").write_bytes(PNG)
        run = subprocess.run(["node", str(HERE / "drive.mjs"), sys.argv[1], f"http://127.0.0.1:{mock.port}/v1",
                              str(place.cwd), str(place.cwd / "p.png")], cwd=HERE,
                             env=place.env(), capture_output=True, text=True, timeout=120)
        assert run.returncode == 0, run.stderr
        seen = json.loads(run.stdout)
        assert seen["first"]["response"] == "answer", seen
        assert seen["first"]["items"] == ["command_execution", "agent_message"], seen
        assert seen["first"]["usage"]["input_tokens"] == 20, seen
        assert seen["second"] == "answer"
        assert seen["structured"] == "{\"a\":1}"
        assert seen["streamed"] == ["thread.started", "turn.started", "item.completed", "turn.completed"], seen
        assert "broken on purpose" in seen["failure"], seen
        assert seen["abort"] == "AbortError", seen
        bodies = [r["body"] for r in mock.requests]
        assert all(r["headers"].get("originator") == "codex_sdk_ts" for r in mock.requests)
        assert any(b.get("text", {}).get("format", {}).get("schema") for b in bodies)
        assert any(p["type"] == "input_image" for b in bodies for i in b["input"] if i.get("role") == "user"
                   for p in i["content"])
        assert all(b["reasoning"]["effort"] == "low" for b in bodies)
        assert not any(t["type"] == "web_search" for b in bodies for t in b["tools"])
        assert harness.wait_until(lambda: not harness.alive(sys.argv[1])), "an aborted run leaves no process"
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
