#!/usr/bin/env python3
"""End-to-end tests of the command line of `exec`: prompts, streams, exit codes. Usage: e2e_cli.py BINARY [test…]."""
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import harness
from harness import Mock, Place, call, completed, message, run

BINARY = ""
DONE = [[message("done"), completed()]]


def raw(place, args, stdin=b"", **more):
    return subprocess.run([BINARY, *args], cwd=place.cwd, env=place.env(), input=stdin, capture_output=True, timeout=60,
                          **more)


def prompt_of(request):
    return request["body"]["input"][-1]["content"][-1]["text"]


def test_sources_of_the_prompt():
    reading = "Reading prompt from stdin...\n"
    rows = [(["argument"], b"ignored", "argument", False), ([], b" piped \n", " piped \n", True),
            (["-"], b"dash", "dash", False), (["  "], b"", "  ", False), ([""], b"ignored", "", False),
            (["-"], "\ufeffhä".encode(), "hä", False), (["-"], "hä".encode("utf-16"), "hä", False)]
    with Place() as place, Mock(DONE) as mock:
        place.configure(mock)
        for args, stdin, want, announced in rows:
            result = raw(place, ["exec", *args], stdin)
            assert result.returncode == 0, result.stderr
            assert prompt_of(mock.requests[-1]) == want, args
            assert result.stderr.decode().startswith(reading) == announced, args
        before = len(mock.requests)
        for args, stdin, why in (([], b" \n\t", "No prompt provided via stdin."), (["-"], b"", "No prompt provided via"),
                                 (["-"], b"\xff\x41", "UTF-8"), (["-"], "x".encode("utf-32"), "UTF-32")):
            result = raw(place, ["exec", "--json", *args], stdin)
            assert result.returncode == 1 and result.stdout == b"" and why in result.stderr.decode(), result
        assert len(mock.requests) == before and len(place.rollouts()) == before, "a refused run leaves nothing"


def test_a_terminal_is_not_read_and_gets_the_message_once():
    with Place() as place, Mock(DONE) as mock:
        place.configure(mock)
        for args, streams in ((["exec"], {}), (["exec", "go"], {"stdout": 0, "stderr": 0}), (["exec", "go"], {"stdout": 0})):
            ours, theirs = pty.openpty()
            streams = {name: theirs for name in streams}
            process = subprocess.Popen([BINARY, *args], cwd=place.cwd, env=place.env(), stdin=theirs,
                                       **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams})
            os.close(theirs)
            shown = b""
            while chunk := read_or_end(ours):
                shown += chunk
            os.close(ours)
            out, err = process.communicate(timeout=20)
            if args == ["exec"]:
                assert process.returncode == 1 and out == b"" and b"No prompt provided. Either" in err, err
            elif "stderr" in streams:
                assert shown.count(b"done") == 1 and b"\x1b[" in shown, shown
            else:
                assert shown == b"done\r\n" and b"codex\ndone\n" in err, (shown, err)


def read_or_end(fd):
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""


def test_stdout_is_the_final_message_alone():
    noisy = [[message("first"), call("shell_command", {"command": "echo noise"}), completed()], [message("a\nb\n"), completed()]]
    for script, want in ((noisy, "a\nb\n"), (DONE, "done\n"), ([[completed()]], ""), ([[message(""), completed()]], "")):
        with Place() as place, Mock(script) as mock:
            place.configure(mock)
            result = run(BINARY, place, ["exec", "-o", "last", "go"])
            assert (result.returncode, result.stdout) == (0, want), result
            assert (place.cwd / "last").read_text() == ("done" if script is DONE else want), "no newline is added"


def test_a_last_message_file_that_cannot_be_written_changes_no_status():
    with Place() as place, Mock(DONE) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "-o", "no/such/dir", "go"])
        assert (result.returncode, result.stdout) == (0, "done\n")
        assert 'Failed to write last message file "no/such/dir": No such file' in result.stderr, result.stderr


def test_streams_that_are_closed_or_full():
    with Place() as place, Mock(DONE) as mock:
        place.configure(mock)
        for streams, status in (("<&- >&- 2>&-", 0), (">/dev/full", 1), ("2>/dev/full", 0), ("| true", 0)):
            shell = ["bash", "-o", "pipefail", "-c", f'"$0" exec --json go {streams}', BINARY]
            result = subprocess.run(shell, cwd=place.cwd, env=place.env(), stdin=subprocess.DEVNULL, capture_output=True)
            assert result.returncode == status, (streams, result)
            assert (b"No space left on device" in result.stderr) == (streams == ">/dev/full"), result
    with Place() as place, Mock([{"events": [harness.created()], "hang": True}]) as mock:
        place.configure(mock)
        process = subprocess.Popen(["bash", "-c", 'exec "$0" exec go <&- >&- 2>&-', BINARY], cwd=place.cwd, env=place.env())
        assert mock.hanging.wait(20)
        assert [os.readlink(f"/proc/{process.pid}/fd/{n}") for n in (0, 1, 2)] == ["/dev/null"] * 3
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_signals():
    for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)):
        with Place() as place, Mock([{"events": [harness.created()], "hang": True}]) as mock:
            place.configure(mock)
            process = subprocess.Popen([BINARY, "exec", "--json", "-o", "last", "go"], cwd=place.cwd, env=place.env(),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert mock.hanging.wait(20)
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
            assert process.returncode == status, err
            assert [json.loads(line)["type"] for line in out.splitlines()] == ["thread.started", "turn.started"]
            assert not (place.cwd / "last").exists(), "there is no last message"
            last = json.loads(place.rollouts()[0].read_text().splitlines()[-1])["payload"]
            assert (last["type"], last["reason"]) == ("turn_aborted", "interrupted")


def test_checks_come_in_order():
    # Each row mends the first fault of the row before and meets the next one.
    with Place(git=False) as place, Mock(DONE) as mock:
        place.configure(mock, top='forced_login_method = "chatgpt"')
        good_home, bad_home = str(place.home), str(place.root / "nope")
        config = (place.home / "config.toml").read_text()
        schema = ["--output-schema", "none.json"]
        rows = [(["-c", "noequals", "-C", "nope"], bad_home, "Error parsing -c overrides: Invalid override (missing '='"),
                (["-C", "nope"], good_home, "Error: No such file or directory (os error 2)"),
                ([], bad_home, "Error finding codex home: CODEX_HOME points to"),
                (["-c", "model=5"], good_home, "Error loading config.toml: invalid type: integer `5`, expected a string"),
                (["-p", "zip"], good_home, "Error: config profile `zip` not found"),
                (["--oss"], good_home, "Error: No default OSS provider configured."),
                ([], good_home, "Error: forced_login_method asks for a ChatGPT login"),
                (["-c", "forced_login_method=api"], good_home, "Not inside a trusted directory and"),
                (["-c", "forced_login_method=api", "--skip-git-repo-check", *schema], good_home,
                 "Reading prompt from stdin...\nNo prompt provided via stdin."),
                (["-c", "forced_login_method=api", "--skip-git-repo-check", *schema, "go"], good_home,
                 "Failed to read output schema file none.json: No such file or directory (os error 2)")]
        for args, home, want in rows:
            (place.home / "config.toml").write_text(config)
            result = run(BINARY, place, ["exec", *args], env={"CODEX_HOME": home, "CODEX_API_KEY": "k"})
            assert result.returncode == 1 and result.stdout == "", (args, result)
            assert result.stderr.startswith(want), (args, result.stderr)
        assert not mock.requests and not place.rollouts()


def test_approval_is_never_and_the_environment_file_wins():
    script = [[call("shell_command", {"command": "touch made"}), completed()], [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock, top='profile = "p"', bottom='[profiles.p]\napproval_policy = "untrusted"')
        (place.home / ".env").write_text("MOCK_KEY='from file'\nCODEX_API_KEY=no\n")
        result = run(BINARY, place, ["exec", "-c", "approval_policy=on-request", "-s", "workspace-write", "go"])
        assert result.returncode == 0 and "approval: never" in result.stderr, result.stderr
        assert (place.cwd / "made").exists()
        assert mock.requests[0]["headers"]["authorization"] == "Bearer from file"


def test_features_and_sandbox():
    with Place() as place:
        place.configure(None, top='profile = "p"', bottom="[features]\nundo = true\n[profiles.p.features]\napps = true")

        def features(*args):
            result = run(BINARY, place, [*args])
            assert result.returncode == 0, result.stderr
            rows = [re.fullmatch(r"(\S+) +(\S.*\S) +(true|false)", line) for line in result.stdout.splitlines()]
            assert len({(row.start(2), row.start(3)) for row in rows}) == 1, "columns are aligned"
            return {row[1]: (row[2].strip(), row[3]) for row in rows}
        listed = features("features", "list")
        assert list(listed) == sorted(listed)
        assert listed["undo"] == ("stable", "true") and listed["apps"] == ("experimental", "true"), listed
        assert listed["plugins"] == ("under development", "false") and listed["steer"] == ("removed", "true"), listed
        assert features("--disable", "undo", "features", "list")["undo"][1] == "false"
        assert features("features", "list", "-c", "features.undo=false", "--enable", "undo")["undo"][1] == "true"
        for args, status in ((["--", "sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137),
                             (["--full-auto", "--", "sh", "-c", "touch here"], 0), (["sh", "-c", "touch there"], 1)):
            assert run(BINARY, place, ["sandbox", "linux", *args]).returncode == status, args
        assert (place.cwd / "here").exists() and not (place.cwd / "there").exists()
        for args, status in ((["features"], 2), (["exec", "--zip"], 2), (["features", "list", "--enable", "zip"], 1),
                             (["two", "words"], 2), (["prompt"], 1), (["exec", "--version"], 0)):
            assert run(BINARY, place, args).returncode == status, args


def test_usage_grows_over_a_resumed_session():
    with Place() as place, Mock(DONE) as mock:
        place.configure(mock)
        totals = []
        for args in (["one"], ["resume", "--last", "two"]):
            last = run(BINARY, place, ["exec", "--json", *args]).stdout.splitlines()[-1]
            totals.append(json.loads(last)["usage"])
        assert totals == [{"input_tokens": n, "cached_input_tokens": 0, "output_tokens": m} for n, m in ((10, 5), (20, 10))]


def test_fsck_finds_damage_and_rescues():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(mock)
        assert run(BINARY, place, ["exec", "go"]).returncode == 0
        (rollout,) = place.rollouts()
        whole = rollout.read_bytes()
        sound = run(BINARY, place, ["fsck"])
        assert sound.returncode == 0 and sound.stdout.endswith("1 session checked, 0 damaged\n"), sound.stdout
        lines = whole.splitlines(keepends=True)
        hurt = b"".join(lines[:3]) + b"junk\n" + b"".join(lines[3:]) + lines[-1][:20]
        rollout.write_bytes(hurt)
        saved = place.cwd / "saved.jsonl"
        told = run(BINARY, place, ["fsck", str(rollout), "--rescue", str(saved), "--json"])
        assert told.returncode == 1
        before, after = json.loads(told.stdout)
        assert [f["kind"] for f in before["findings"]] == ["unreadable", "torn_tail"], before
        assert before["findings"][0]["offset"] == len(b"".join(lines[:3])) and not after["damaged"]
        assert saved.read_bytes() == whole and rollout.read_bytes() == hurt, "the damaged file stays as it is"
        again = run(BINARY, place, ["fsck", str(rollout), "--rescue", str(saved)])
        assert again.returncode == 1 and "exists already" in again.stderr


def used(total_in, cached, out, reasoning):
    usage = {"input_tokens": total_in, "input_tokens_details": {"cached_tokens": cached}, "output_tokens": out,
             "output_tokens_details": {"reasoning_tokens": reasoning}, "total_tokens": total_in + out}
    return {"type": "response.completed", "response": {"id": "r1", "usage": usage}}


def test_what_a_run_and_a_thread_cost():
    script = [[call("update_plan", {"plan": []}), used(1000, 0, 200, 100)],
              {"events": [message("done"), used(1300, 1000, 50, 0)], "headers": {"openai-model": "gpt-4"}},
              [message("again"), used(1500, 1300, 60, 0)]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        first = run(BINARY, place, ["exec", "go"])
        assert first.stderr.endswith("tokens used\n1,550\ninput 2,300 (cached 1,000), output 250 (reasoning 100), "
                                     "gpt-5.1-codex (also served by gpt-4); 100% of its context left\n"), first.stderr
        second = run(BINARY, place, ["exec", "--json", "resume", "--last", "more"])
        thread = json.loads(second.stdout.splitlines()[0])["thread_id"]
        (rollout,) = place.rollouts()
        (ledger,) = (place.home / "ledger").iterdir()
        assert ledger.name == thread + ".jsonl" and ledger.stat().st_mode & 0o777 == 0o600
        assert "ledger" not in rollout.read_text(), "the session file is the reference's"
        (place.home / "session_index.jsonl").write_text(json.dumps({"id": thread, "thread_name": "my work"}) + "\n")
        for name in (thread, "my work", str(rollout)):
            told = json.loads(run(BINARY, place, ["debug", "ledger", name, "--json"]).stdout)
            rows = told["requests"]
            assert [row["prefix"] for row in rows] == ["first", "ok", "ok"], rows
            assert [row["items"] for row in rows] == [len(r["body"]["input"]) for r in mock.requests]
            assert [row["served"] for row in rows] == [None, "gpt-4", None], rows
            assert (told["total"]["input_tokens"], told["total"]["cached_input_tokens"]) == (3800, 2300), told
        table = run(BINARY, place, ["debug", "ledger", thread]).stdout.splitlines()
        assert len(table) == 6 and "gpt-5.1-codex (served by gpt-4)" in table[2] and table[2].endswith("  ok"), table
        assert table[5] == "3 requests, 60% of the input cached, prefix broken 0 times", table
        config = (place.home / "config.toml").read_text().replace("gpt-5.1-codex", "gpt-5.2-codex")
        (place.home / "config.toml").write_text(config)
        run(BINARY, place, ["exec", "resume", thread, "with another model"])
        table = run(BINARY, place, ["debug", "ledger", thread]).stdout.splitlines()
        assert "broken: model" in table[4], table
        ledger.unlink()
        rows = json.loads(run(BINARY, place, ["debug", "ledger", thread, "--json"]).stdout)["requests"]
        assert [(row["model"], row["usage"]["input_tokens"], row["prefix"]) for row in rows] == [
            ("gpt-5.1-codex", 1000, None), ("gpt-5.1-codex", 1300, None), ("gpt-5.1-codex", 1500, None),
            ("gpt-5.2-codex", 1500, None)], rows
        run(BINARY, place, ["exec", "--ephemeral", "go"])
        assert not list((place.home / "ledger").iterdir())
        unknown = run(BINARY, place, ["debug", "ledger", "01a2045b-0000-7000-8000-000000000000"])
        assert unknown.returncode == 1 and unknown.stderr.startswith("Error: no session 01a2045b"), unknown
        assert run(BINARY, place, ["debug"]).returncode == 2


def test_last_means_this_folder_and_provider():
    with Place() as place, Mock(DONE) as mock:
        two = f'[model_providers.two]\nname = "two"\nbase_url = "http://127.0.0.1:{mock.port}/v1"'
        place.configure(mock, bottom=two)
        (place.cwd / "sub").mkdir()

        def thread(*args):
            return json.loads(run(BINARY, place, ["exec", "--json", *args]).stdout.splitlines()[0])["thread_id"]
        one = thread("x")
        time.sleep(0.01)
        other = thread("-c", "model_provider=two", "x")
        assert thread("resume", "--last", "y") == one
        assert thread("-c", "model_provider=two", "resume", "--last", "y") == other
        third = thread("-C", "sub", "resume", "--last", "y")
        assert third not in (one, other), "nothing to go on with there"
        assert thread("resume", "--last", "y") == one
        time.sleep(0.01)
        assert thread("-C", "sub", "resume", "--last", "y") == third
        assert thread("resume", "--last", "--all", "y") == third


if __name__ == "__main__":
    BINARY = sys.argv[1]
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
