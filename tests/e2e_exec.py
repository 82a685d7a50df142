#!/usr/bin/env python3
"""End-to-end tests of `exec`: turns with tools, sessions, interruption, faults. Usage: e2e_exec.py BINARY [test…]."""
import json
import os
import pathlib
import signal
import subprocess
import sys

import harness
from harness import Mock, Place, call, completed, message, run, wait_until

BINARY = ""


def start(place, args, stdin=subprocess.PIPE, **more):
    return subprocess.Popen([BINARY, *args], cwd=place.cwd, env=place.env(), stdin=stdin, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **more)


def outputs(request):
    return {i["call_id"]: i["output"] for i in request["body"]["input"] if i["type"].endswith("_output")}


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_tool_turn():
    script = [[call("exec_command", {"cmd": "echo hi; exit 3"}), completed()], [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "go"])
        assert result.returncode == 0, result.stderr
        assert result.stdout == "done\n"
        first, second = mock.requests
        assert second["body"]["input"][:3] == first["body"]["input"], "the prefix is stable"
        text = outputs(second)["c1"]
        assert "Process exited with code 3\n" in text and text.endswith("Output:\nhi\n"), text
        assert first["body"]["prompt_cache_key"] == first["headers"]["session_id"]
        roles = [i["role"] for i in first["body"]["input"]]
        assert roles == ["developer", "user", "user"], roles
        (rollout,) = place.rollouts()
        kinds = [(line["type"], line["payload"].get("type")) for line in lines_of(rollout)]
        assert kinds == [
            ("session_meta", None), ("response_item", "message"), ("response_item", "message"),
            ("event_msg", "task_started"), ("turn_context", None), ("response_item", "message"),
            ("event_msg", "user_message"), ("event_msg", "token_count"), ("response_item", "function_call"),
            ("event_msg", "token_count"), ("response_item", "function_call_output"), ("event_msg", "token_count"),
            ("event_msg", "agent_message"), ("response_item", "message"), ("event_msg", "token_count"),
            ("event_msg", "task_complete")], kinds


def test_patch_forms_give_the_same_file():
    patch = "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** End Patch"
    heredoc = f"apply_patch <<'EOF'\n{patch}\nEOF\n"
    custom = {"type": "response.output_item.done",
              "item": {"type": "custom_tool_call", "name": "apply_patch", "input": patch, "call_id": "c1"}}
    forms = [custom, call("apply_patch", {"input": patch}), call("shell", {"command": ["apply_patch", patch]}),
             call("shell", {"command": ["bash", "-lc", heredoc]}), call("shell_command", {"command": heredoc}),
             call("exec_command", {"cmd": heredoc}),
             call("shell_command", {"command": "cd sub && " + heredoc.replace("a.txt", "../a.txt")})]
    for form in forms:
        with Place() as place, Mock([[form, completed()], [message("done"), completed()]]) as mock:
            place.configure(mock)
            (place.cwd / "a.txt").write_text("one\n")
            (place.cwd / "sub").mkdir()
            result = run(BINARY, place, ["exec", "--full-auto", "go"])
            assert result.returncode == 0, result.stderr
            assert (place.cwd / "a.txt").read_text() == "two\n", (form, result.stderr)
            assert "Success. Updated the following files:" in outputs(mock.requests[1])["c1"], form


def test_read_only_refuses_writes():
    patch = "*** Begin Patch\n*** Add File: new.txt\n+x\n*** End Patch"
    script = [[call("shell_command", {"command": "touch made"}, "c1"), call("apply_patch", {"input": patch}, "c2"),
               completed()], [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "-s", "read-only", "go"])
        assert not (place.cwd / "made").exists() and not (place.cwd / "new.txt").exists()
        out = outputs(mock.requests[1])
        assert "Permission denied" in out["c1"], out
        assert "patch rejected: writing outside of the project; rejected by user approval settings" in out["c2"], out


def test_workspace_write_protects_git_and_network():
    command = ("echo ok > here; echo bad > .git/config2; "
               "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 9))'")
    script = [[call("shell_command", {"command": command}), completed()], [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "--full-auto", "go"])
        assert (place.cwd / "here").read_text() == "ok\n"
        protection = run(BINARY, place, ["sandbox", "status"]).stdout
        if "read-only by mounts" in protection:
            assert not (place.cwd / ".git" / "config2").exists()
        else:
            assert "not protected" in protection, protection
        assert "PermissionError" in outputs(mock.requests[1])["c1"], outputs(mock.requests[1])


def test_unknown_tools_and_bad_arguments_answer_the_model():
    script = [[call("no_such_tool", {}, "c1"), call("exec_command", {}, "c2"),
               call("update_plan", {"plan": [{"step": "s", "status": "bogus"}]}, "c3"),
               {"type": "response.output_item.done",
                "item": {"type": "custom_tool_call", "name": "zip", "input": "x", "call_id": "c4"}}, completed()],
              [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "go"])
        out = outputs(mock.requests[1])
        assert out["c1"] == "unsupported call: no_such_tool"
        assert out["c2"] == "failed to parse function arguments: missing field `cmd` at line 1 column 2", out["c2"]
        assert out["c3"].startswith("failed to parse function arguments: unknown variant `bogus`, expected one of "
                                    "`pending`, `in_progress`, `completed` at line 1 column "), out["c3"]
        assert out["c4"] == "unsupported custom tool call: zip"


def test_resume_by_id_last_path_and_name():
    with Place() as place, Mock([[message("one"), completed()]]) as mock:
        place.configure(mock)
        first = run(BINARY, place, ["exec", "--json", "first"])
        thread = json.loads(first.stdout.splitlines()[0])["thread_id"]
        (rollout,) = place.rollouts()
        (place.home / "session_index.jsonl").write_text(
            json.dumps({"id": thread, "thread_name": "my work", "updated_at": "2026-03-05T10:00:00Z"}) + "\n")
        for selector in ([thread], ["--last"], [str(rollout)], ["my work"]):
            again = run(BINARY, place, ["exec", "--json", "resume", *selector, "next"])
            assert again.returncode == 0, again.stderr
            assert json.loads(again.stdout.splitlines()[0])["thread_id"] == thread, selector
        last = mock.requests[-1]["body"]["input"]
        assert [i["content"][0]["text"] for i in last if i.get("role") == "assistant"] == ["one"] * 4
        assert sum(1 for i in last if i.get("role") == "developer") == 1, "settings did not change: nothing is repeated"
        unknown = run(BINARY, place, ["exec", "resume", "01a2045b-0000-7000-8000-000000000000", "x"])
        assert unknown.returncode == 1 and "no session 01a2045b" in unknown.stderr, unknown.stderr
        other = place.root / "other"
        (other / ".git").mkdir(parents=True)
        place.cwd = other
        fresh = run(BINARY, place, ["exec", "--json", "resume", "--last", "x"])
        assert json.loads(fresh.stdout.splitlines()[0])["thread_id"] != thread
        place.cwd = place.root / "other"
        everywhere = run(BINARY, place, ["exec", "--json", "resume", "--last", "--all", "x"])
        assert everywhere.returncode == 0


def test_resume_chooses_by_folder_and_provider():
    second = "[model_providers.second]\nname=\"s\"\nbase_url=\"http://127.0.0.1:{}/v1\"\n"
    with Place() as place, Mock([[message("ok"), completed()]]) as mock:
        place.configure(mock, bottom=second.format(mock.port))
        work = place.cwd
        folders = {name: place.root / name for name in ("work", "other", "third", "fourth", "fifth")}
        for folder in folders.values():
            (folder / ".git").mkdir(parents=True, exist_ok=True)

        def ask(folder, *args, stdin=""):
            place.cwd = folders[folder]
            result = run(BINARY, place, ["exec", "--json", *args], stdin)
            assert result.returncode == 0, result.stderr
            return json.loads(result.stdout.splitlines()[0])["thread_id"]

        first = ask("work", "in work")
        second = ask("other", "in other")
        assert ask("work", "resume", "--last", "a") == first, "the newest of this folder"
        assert ask("other", "resume", "--last", "b") == second
        assert ask("third", "resume", "--last", "--all", "c") == second, "the newest of all"
        assert ask("fourth", "resume", first, "moves here") == first
        assert ask("fourth", "resume", "--last", "d") == first, "where its last turn ran counts too"
        assert ask("work", "resume", "--last", "-c", "model_provider=\"second\"", "e") not in (first, second)
        assert ask("fifth", "resume", "--last", "f") not in (first, second), "none here: a new session"
        assert ask("work", "resume", "--last", "-", stdin="from stdin") == first
        assert mock.requests[-1]["body"]["input"][-1]["content"][0]["text"] == "from stdin"
        (work / "p.png").write_bytes(b"not a picture")
        assert ask("work", "resume", first, "-i", "p.png", "--", "look") == first
        parts = mock.requests[-1]["body"]["input"][-1]["content"]
        assert "unsupported image format `image/png`" in parts[0]["text"] and parts[1]["text"] == "look", parts
        for selector in ("no such name", "01a2045b-0000-7000-8000-000000000000"):
            unknown = run(BINARY, place, ["exec", "resume", selector, "x"])
            assert unknown.returncode == 1 and selector in unknown.stderr, unknown.stderr


def test_resume_with_another_model_says_so_once():
    with Place() as place, Mock([[message("ok"), completed()]]) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "first"])
        again = run(BINARY, place, ["exec", "--json", "resume", "--last", "-m", "gpt-5.3-codex", "second"])
        events = [json.loads(line) for line in again.stdout.splitlines()]
        kinds = [e["type"] for e in events]
        warning = events[kinds.index("item.completed")]["item"]
        assert kinds.index("item.completed") < kinds.index("turn.started"), kinds
        assert warning["type"] == "error", warning
        assert 0 <= warning["message"].find("`gpt-5.1-codex`") < warning["message"].find("`gpt-5.3-codex`"), warning
        run(BINARY, place, ["exec", "resume", "--last", "-m", "gpt-5.3-codex", "third"])
        bodies = [r["body"] for r in mock.requests]
        assert len({b["instructions"] for b in bodies}) == 1 and len({b["prompt_cache_key"] for b in bodies}) == 1
        assert json.dumps(bodies[2]["input"]).count("<model_switch>") == 1
        assert bodies[2]["input"][:len(bodies[1]["input"])] == bodies[1]["input"]


def test_an_open_silent_stdin_does_not_delay_a_prompt_argument():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(mock)
        process = start(place, ["exec", "go"])
        out, err = None, None
        try:
            assert process.wait(timeout=20) == 0
        finally:
            out = process.stdout.read()
            process.stdin.close()
        assert out == "done\n"


def test_sigint_and_sigterm_end_the_turn_and_leave_nothing():
    for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)):
        interrupted_by(number, status)


def interrupted_by(number, status):
    marker = f"sleep 31{os.getpid()}"
    command = f"(setsid {marker} &) ; (trap '' TERM; {marker}) & {marker}"
    script = [[call("shell_command", {"command": command, "timeout_ms": 100000}), completed()], [completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        process = start(place, ["exec", "--json", "go"])
        assert wait_until(lambda: len(harness.alive(marker)) >= 3), harness.alive(marker)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert process.returncode == status, err
        assert "turn.completed" not in out and "turn.failed" not in out
        assert wait_until(lambda: not harness.alive(marker)), harness.alive(marker)
        lines = lines_of(place.rollouts()[0])
        assert lines[-1]["payload"] == {"type": "turn_aborted", "turn_id": lines[-1]["payload"]["turn_id"],
                                        "reason": "interrupted"}, lines[-1]
        texts = json.dumps(lines)
        assert "<turn_aborted>" in texts and "aborted by user" in texts


def test_kill_dash_nine_leaves_no_process():
    marker = f"sleep 32{os.getpid()}"
    script = [[call("shell_command", {"command": f"(setsid {marker} &); {marker}", "timeout_ms": 100000}), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        process = start(place, ["exec", "go"])
        assert wait_until(lambda: len(harness.alive(marker)) >= 2)
        process.kill()
        process.communicate(timeout=20)
        assert wait_until(lambda: not harness.alive(marker)), harness.alive(marker)
        # The session goes on: the dangling call is answered, the turn is closed.
        mock.script = [[message("back"), completed()]]
        again = run(BINARY, place, ["exec", "resume", "--last", "go on"])
        assert again.stdout == "back\n", again.stderr
        sent = mock.requests[-1]["body"]["input"]
        assert outputs(mock.requests[-1])["c1"] == "aborted"
        assert any("<turn_aborted>" in json.dumps(i) for i in sent)


def test_what_was_told_is_in_the_file_whenever_it_is_killed():
    script = [[message(f"said {n}", f"m{n}"), call("exec_command", {"cmd": "echo hi"}, f"c{n}"), completed()]
              for n in range(40)]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        for lines in (1, 4, 9, 10, 23):
            mock.requests.clear()
            process = start(place, ["exec", "--json", "go"], stdin=subprocess.DEVNULL)
            told = [process.stdout.readline() for _ in range(lines)]
            process.kill()
            told += process.communicate(timeout=20)[0].splitlines(keepends=True)
            events = [json.loads(line) for line in told if line.endswith("\n")]
            (rollout,) = [path for path in place.rollouts() if events[0]["thread_id"] in path.name] or [None]
            seen = [e["item"]["text"] for e in events if e["type"] == "item.completed" and "text" in e["item"]]
            assert rollout or not seen, seen
            written = rollout.read_text() if rollout else ""
            for text in seen:
                assert json.dumps(text) in written, (lines, text)
            mock.script = [[message("back"), completed()]]
            if rollout:
                again = run(BINARY, place, ["exec", "resume", events[0]["thread_id"], "go on"])
                assert again.stdout == "back\n", again.stderr
                sent = mock.requests[-1]["body"]["input"]
                calls = sorted(i["call_id"] for i in sent if i["type"] == "function_call")
                assert calls == sorted(outputs(mock.requests[-1])), calls
            mock.script = script


def test_a_second_process_on_a_session_is_refused():
    with Place() as place, Mock([[message("one"), completed()]]) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "first"])
        mock.script = [{"events": [harness.created()], "hang": True}]
        first = start(place, ["exec", "resume", "--last", "second"], stdin=subprocess.DEVNULL)
        assert mock.hanging.wait(20)
        (rollout,) = place.rollouts()
        assert wait_until(lambda: "token_count" in rollout.read_text().splitlines()[-1]), "the answer has begun"
        before = rollout.read_text()
        second = run(BINARY, place, ["exec", "resume", "--last", "third"])
        assert second.returncode == 1 and "is open in another process" in second.stderr, second.stderr
        assert rollout.read_text() == before
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=20)


def test_floods_and_deaf_commands_end():
    flood = "head -c 1000000000 /dev/zero | tr '\\0' x"
    deaf = "trap '' TERM INT HUP; while true; do sleep 1; done"
    script = [[call("shell_command", {"command": flood, "timeout_ms": 60000}, "c1"),
               call("shell_command", {"command": deaf, "timeout_ms": 500}, "c2"), completed()],
              [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "go"], timeout=120)
        assert result.returncode == 0, result.stderr
        out = outputs(mock.requests[1])
        assert out["c1"].startswith("Exit code: 0\n") and len(out["c1"]) < 60000
        assert out["c2"].startswith("Exit code: 124\n") and "command timed out after" in out["c2"], out["c2"]


def test_stream_retry_is_identical_and_bounded():
    with Place() as place, Mock([[harness.created()]]) as mock:
        place.configure(mock, bottom="\n[x]\n")
        result = run(BINARY, place, ["exec", "--json", "-c", "model_providers.mock.stream_max_retries=2", "go"])
        assert result.returncode == 1
        bodies = [r["body"] for r in mock.requests]
        assert len(bodies) == 3 and bodies[0] == bodies[1] == bodies[2]
        events = [json.loads(line) for line in result.stdout.splitlines()]
        retries = [e["message"][:20] for e in events if e["type"] == "error"]
        assert retries[:2] == ["Reconnecting... 1/2 ", "Reconnecting... 2/2 "], retries
        assert events[-1]["type"] == "turn.failed"


def test_a_stream_that_breaks_after_a_call_keeps_its_output():
    script = [[call("exec_command", {"cmd": "echo ran >> count; echo hi"})], [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "--full-auto", "-c", "model_providers.mock.stream_max_retries=1", "go"])
        assert (place.cwd / "count").read_text() == "ran\n", "the call ran once"
        assert outputs(mock.requests[1])["c1"].endswith("hi\n")


def test_homes_that_are_missing_or_read_only():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(mock)
        bad = run(BINARY, place, ["exec", "go"], env={"CODEX_HOME": str(place.root / "nope")})
        assert bad.returncode == 1 and "but that path does not exist" in bad.stderr, bad.stderr
        if os.getuid() == 0:
            return
        place.home.chmod(0o555)
        result = run(BINARY, place, ["exec", "go"])
        place.home.chmod(0o755)
        assert result.returncode == 0 and result.stdout == "done\n", result.stderr
        assert "cannot be written" in result.stderr


def test_no_home_at_all():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        env = {"CODEX_HOME": None, "HOME": None}
        result = run(BINARY, place, ["exec", "--skip-git-repo-check", "-c", "model_provider=\"mock\"",
                                     "-c", f"model_providers.mock={{name=\"m\",base_url=\"http://127.0.0.1:{mock.port}/v1\"}}",
                                     "--ephemeral", "go"], env=env)
        assert result.returncode in (0, 1)
        assert result.returncode == 0 or "home" in result.stderr.lower(), result.stderr


def test_closed_stdout_ends_nothing():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(mock)
        read, write = os.pipe()
        os.close(read)
        process = subprocess.Popen([BINARY, "exec", "--json", "go"], cwd=place.cwd, env=place.env(), stdout=write,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.close(write)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
        assert lines_of(place.rollouts()[0])[-1]["payload"]["type"] == "task_complete"


def test_images_and_schema_and_last_message():
    png = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63"
                        "f8cfc0000003010100c9fe92ef0000000049454e44ae426082")
    with Place() as place, Mock([[message("{\"a\":1}"), completed()]]) as mock:
        place.configure(mock)
        (place.cwd / "p.png").write_bytes(png)
        (place.cwd / "s.json").write_text('{"type":"object"}')
        result = run(BINARY, place, ["exec", "-i", "p.png", "--output-schema", "s.json", "-o", "last.txt", "-"], "look")
        assert result.returncode == 0, result.stderr
        assert (place.cwd / "last.txt").read_text() == "{\"a\":1}"
        body = mock.requests[0]["body"]
        parts = body["input"][-1]["content"]
        assert [p["type"] for p in parts] == ["input_text", "input_image", "input_text", "input_text"], parts
        assert parts[0]["text"] == "<image name=[Image #1]>" and parts[1]["image_url"].startswith("data:image/png;base64,")
        assert body["text"]["format"]["schema"] == {"type": "object"}


def test_a_background_terminal_is_ended_with_the_run():
    script = [[call("exec_command", {"cmd": "cat", "tty": True, "yield_time_ms": 300}), completed()], [completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "--json", "go"])
        assert result.returncode == 0, result.stderr
        text = outputs(mock.requests[1])["c1"]
        assert "Process running with session ID " in text, text
        events = [json.loads(line) for line in result.stdout.splitlines()]
        assert events[-1]["type"] == "turn.completed"
        assert [e["item"]["status"] for e in events if e["type"] == "item.completed"] == ["completed"]


if __name__ == "__main__":
    BINARY = sys.argv[1]
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
