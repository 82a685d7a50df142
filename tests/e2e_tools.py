#!/usr/bin/env python3
"""End-to-end tests of tools with real processes and the real sandbox. Usage: e2e_tools.py BINARY [test…]."""
import json
import os
import re
import signal
import subprocess
import sys

import harness
from harness import Mock, Place, call, completed, message, run, wait_until

BINARY = ""


def item(**fields):
    return {"type": "response.output_item.done", "item": fields}


def output_items(request):
    return [i for i in request["body"]["input"] if i["type"].endswith("_output")]


def answers(calls, args=(), env=None, prepare=None, top=""):
    """What a turn's calls are answered, in order of the calls."""
    with Place() as place, Mock([calls + [completed()], [message("done"), completed()]]) as mock:
        place.configure(mock, top)
        if prepare:
            prepare(place)
        result = run(BINARY, place, ["exec", *args, "go"], env=env, timeout=60)
        assert result.returncode == 0, result.stderr
        return [i["output"] for i in output_items(mock.requests[1])]


def body_of(text):
    return text.split("Output:\n", 1)[1]


def test_every_call_has_one_output_of_its_kind_in_order():
    shell = {"type": "exec", "command": ["echo", "hi"]}
    calls = [item(type="local_shell_call", call_id="a", id="x", status="completed", action=shell),
             item(type="local_shell_call", id="b", status="completed", action=shell),
             item(type="custom_tool_call", name="exec_command", input="x", call_id="c"),
             item(type="custom_tool_call", name="zip", input="x", call_id="d"),
             call("shell_command", {"command": "sleep 0.3; echo slow"}, "e"),
             call("zip", {}, "f"),
             item(type="custom_tool_call", name="apply_patch", input="x", call_id="g")]
    with Place() as place, Mock([calls + [completed()], [message("done"), completed()]]) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "go"])
        sent = mock.requests[1]["body"]["input"]
        found = [(i["type"], i["call_id"]) for i in sent if i["type"].endswith("_output") and i["call_id"] != "c"]
        # Call b has no call_id that its output could be matched with.
        assert '"call_id":"b","output"' in place.rollouts()[0].read_text()
        assert found == [("function_call_output", "a"), ("custom_tool_call_output", "d"), ("function_call_output", "e"),
                         ("function_call_output", "f"), ("custom_tool_call_output", "g")], found
        # A call with the wrong kind of input is left without an output; what every request needs is supplied.
        wrong = [i for i in sent if i.get("call_id") == "c"]
        assert [i["type"] for i in wrong] == ["custom_tool_call", "custom_tool_call_output"], wrong
        assert wrong[1]["output"] == "aborted"
        assert all(isinstance(i["output"], (str, list)) for i in output_items(mock.requests[1]))


def test_a_local_shell_call_without_any_id_does_no_harm():
    with Place() as place, Mock([[item(type="local_shell_call", status="completed",
                                       action={"type": "exec", "command": ["touch", "made"]}), completed()],
                                 [message("done"), completed()]]) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "--full-auto", "go"])
        assert result.stdout == "done\n", result.stderr
        assert not (place.cwd / "made").exists()
        assert "LocalShellCall without call_id or id" in place.rollouts()[0].read_text()


def test_ends_of_real_commands():
    out = answers([call("shell_command", {"command": "echo a; echo err >&2; exit 7"}),
                   call("shell_command", {"command": "kill -9 $$"}, "c2"),
                   call("shell_command", {"command": "ls", "workdir": "no/such"}, "c3"),
                   call("shell_command", {"command": "echo before; sleep 60", "timeout_ms": 300}, "c4"),
                   call("shell", {"command": ["echo", "a\0b"]}, "c5"),
                   call("exec_command", {"cmd": "kill -9 $$"}, "c6"),
                   call("exec_command", {"cmd": "ls", "workdir": "no/such"}, "c7"),
                   call("exec_command", {"cmd": "printf '\\377!'"}, "c8")])
    assert out[0] == "Exit code: 7\nWall time: 0 seconds\nOutput:\na\nerr\n", out[0]
    assert out[1] == "execution error: Sandbox(Signal(9))", out[1]
    not_found = 'execution error: Io(Os { code: 2, kind: NotFound, message: "No such file or directory" })'
    assert out[2] == not_found, out[2]
    assert re.fullmatch(r"Exit code: 124\nWall time: 0\.[345] seconds\nOutput:\n"
                        r"command timed out after [345]\d\d milliseconds\nbefore\n", out[3]), out[3]
    assert out[4] == ('execution error: Io(Error { kind: InvalidInput, message: "nul byte found in provided data" })'), out[4]
    assert "Process exited with code -1\n" in out[5], out[5]
    assert out[6] == ('exec_command failed: CreateProcess { message: "Rejected(\\"Failed to create unified exec '
                      'process: No such file or directory (os error 2)\\")" }'), out[6]
    assert body_of(out[7]) == "\ufffd!", out[7]


def test_terminals_and_closed_inputs():
    with Place() as place, Mock([]) as mock:
        place.configure(mock)
        seen = {}

        def session(body, key):
            text = [i["output"] for i in body["input"] if i["type"].endswith("_output")][-1]
            seen[key] = text
            found = re.search(r"session ID (\d+)", text)
            seen["id"] = int(found.group(1)) if found else seen.get("id")
            return seen["id"]

        def write(key, chars, **more):
            return lambda body: [call("write_stdin", {"session_id": session(body, key), "chars": chars, **more}, key),
                                 completed()]

        def last(body):
            session(body, "last")
            return [message("done"), completed()]

        mock.script = [[call("exec_command", {"cmd": "stty size; test -t 0 && cat", "tty": True, "yield_time_ms": 250}),
                        completed()], write("start", "hi\n"), write("echo", "\u0004"), write("end", ""), last]
        assert run(BINARY, place, ["exec", "go"]).returncode == 0
        assert body_of(seen["start"]).replace("\r", "") == "24 80\n", seen
        assert body_of(seen["echo"]).replace("\r", "") == "hi\nhi\n", seen
        assert "Process exited with code 0" in seen["end"] and "session ID" not in seen["end"], seen
        assert seen["last"] == f"write_stdin failed: Unknown process id {seen['id']}", seen
    assert [body_of(text) for text in answers([
        call("exec_command", {"cmd": "cat; test -t 0 || echo closed"}),
        call("shell_command", {"command": "cat; test -t 0 || echo closed"}, "c2")])] == ["closed\n"] * 2


def test_the_environment_of_commands():
    print_env = "env | sort | grep -E '^(CODEX_|OPENAI|MY|OTHER|SECRET|TERM=|PAGER=)'; ls /proc/self/fd | wc -l"
    calls = [call("shell_command", {"command": print_env, "login": False}),
             call("exec_command", {"cmd": print_env, "login": False}, "c2")]
    args = ["-c", 'shell_environment_policy.exclude=["other*"]', "-c", 'shell_environment_policy.set={MY_OWN="1"}']
    env = {"OTHER_X": "1", "SECRET_TOKEN": "kept", "TERM": "xterm", "OPENAI_BASE_URL": None}
    with Place() as place, Mock([calls + [completed()], [message("done"), completed()]]) as mock:
        place.configure(mock)
        for mode, marker in (("read-only", ["CODEX_SANDBOX_NETWORK_DISABLED=1"]), ("danger-full-access", [])):
            mock.requests.clear()
            result = run(BINARY, place, ["exec", "--json", "-s", mode, *args, "go"], env=env)
            thread = json.loads(result.stdout.splitlines()[0])["thread_id"]
            one_shot, unified = (body_of(i["output"]).splitlines() for i in output_items(mock.requests[1]))
            common = [*marker, f"CODEX_THREAD_ID={thread}", "MY_OWN=1"]
            # The list that ls reads is the fourth descriptor.
            assert one_shot == sorted(["CODEX_HOME=" + str(place.home), *common, "SECRET_TOKEN=kept", "TERM=xterm"]) + ["4"], one_shot
            assert unified == sorted(["CODEX_HOME=" + str(place.home), "CODEX_CI=1", *common, "PAGER=cat",
                                      "SECRET_TOKEN=kept", "TERM=dumb"]) + ["4"], unified
        mock.requests.clear()
        run(BINARY, place, ["exec", "-c", 'shell_environment_policy.inherit="none"', "go"], env=env)
        assert "SECRET_TOKEN" not in output_items(mock.requests[1])[0]["output"]


def test_a_background_process_does_not_delay_the_answer():
    marker = f"sleep 33{os.getpid()}"
    assert body_of(answers([call("exec_command", {"cmd": f"{marker} & echo hi"})])[0]) == "hi\n"
    # ... and goes with the run.
    assert wait_until(lambda: not harness.alive(marker))


def test_a_server_serves_the_next_call_and_ends_with_the_run():
    for tool, argument in (("exec_command", "cmd"), ("shell_command", "command")):
        start = call(tool, {argument: "sleep 41 >/dev/null 2>&1 & echo $! > pid"}, "a")
        look = call(tool, {argument: "kill -0 $(cat pid) && echo alive"}, "b")
        script = [[start, completed()], [look, completed()], [message("done"), completed()]]
        with Place() as place, Mock(script) as mock:
            place.configure(mock)
            run(BINARY, place, ["exec", "--full-auto", "go"])
            assert body_of(output_items(mock.requests[2])[1]["output"]) == "alive\n"
            pid = int((place.cwd / "pid").read_text())
            assert wait_until(lambda: not os.path.exists(f"/proc/{pid}")), tool


def test_sigint_ends_background_terminals():
    marker = f"sleep 34{os.getpid()}"
    script = [[call("exec_command", {"cmd": marker, "yield_time_ms": 250}), completed()],
              [call("exec_command", {"cmd": f"{marker}1", "yield_time_ms": 30000}, "c2"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        process = subprocess.Popen([BINARY, "exec", "go"], cwd=place.cwd, env=place.env(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert wait_until(lambda: len(harness.alive(marker)) >= 2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert wait_until(lambda: not harness.alive(marker)), harness.alive(marker)
        text = place.rollouts()[0].read_text()
        assert re.search(r'"call_id":"c2","output":"aborted by user after \d+\.\ds"', text), text[-2000:]


PATCH = "*** Begin Patch\n*** Add File: made.txt\n+x\n*** End Patch"
DONE = "Success. Updated the following files:\nA made.txt\n"


def test_apply_patch_as_a_program():
    with Place() as place:
        def patch(words, stdin=""):
            (place.cwd / "made.txt").unlink(missing_ok=True)
            done = run(BINARY, place, words, stdin)
            return done.returncode, done.stdout, done.stderr, (place.cwd / "made.txt").exists()

        assert patch(["--codex-run-as-apply-patch", PATCH]) == (0, DONE, "", True)
        assert patch(["--codex-run-as-apply-patch"])[0] == 1
        for name in ("apply_patch", "applypatch"):
            link = place.root / name
            link.symlink_to(BINARY)

            def program(words, stdin=""):
                (place.cwd / "made.txt").unlink(missing_ok=True)
                done = run(link, place, words, stdin)
                return done.returncode, done.stdout, done.stderr, (place.cwd / "made.txt").exists()

            assert program([PATCH]) == (0, DONE, "", True)
            assert program([], PATCH) == (0, DONE, "", True)
            assert program([]) == (2, "", "Usage: apply_patch 'PATCH'\n       echo 'PATCH' | apply_patch\n", False)
            assert program([PATCH, "x"]) == (2, "", "Error: apply_patch accepts exactly one argument.\n", False)
            assert program(["x"])[:3] == (
                1, "", "Invalid patch: The first line of the patch must be '*** Begin Patch'\n")


def test_scripts_that_are_no_patch_calls_find_the_program():
    script = f"echo first; apply_patch <<'EOF'\n{PATCH}\nEOF\n"
    # Not as login shells: profiles set PATH anew. A sanitizer's leak check cannot work inside the sandbox.
    out = answers([call("shell_command", {"command": script, "login": False}),
                   call("shell_command", {"command": f"applypatch '{PATCH}' && cat made.txt", "login": False}, "c2")],
                  ["--full-auto"], env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert body_of(out[0]) == "first\n" + DONE and body_of(out[1]) == DONE + "x\n", out


def test_intercepted_patches_warn_with_the_tool_s_name():
    heredoc = f"apply_patch <<'EOF'\n{PATCH}\nEOF\n"
    for form, name in ((call("shell_command", {"command": heredoc}), "shell_command"),
                       (call("exec_command", {"cmd": heredoc}), "exec_command"),
                       (call("shell", {"command": ["apply_patch", PATCH]}), "shell")):
        with Place() as place, Mock([[form, completed()], [message("done"), completed()]]) as mock:
            place.configure(mock)
            assert run(BINARY, place, ["exec", "--full-auto", "go"]).returncode == 0
            users = [i["content"][0]["text"] for i in mock.requests[1]["body"]["input"] if i.get("role") == "user"]
            assert users[-1] == (f"Warning: apply_patch was requested via {name}. Use the apply_patch tool instead of "
                                 "exec_command."), users
            assert (place.cwd / "made.txt").exists()


def main():
    global BINARY
    BINARY = os.path.abspath(sys.argv[1])
    return harness.run_tests(globals(), sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
