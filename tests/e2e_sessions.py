#!/usr/bin/env python3
"""End-to-end tests of `burin sessions`, on files that the program wrote and on files as the reference writes them.

Usage: e2e_sessions.py BINARY [test…]. With $BURIN_REFERENCE, a binary of the reference, it also lists what that wrote.
"""
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import time

import harness
from harness import Mock, Place, call, completed, created, message, run

BINARY = ""


def sessions(place, *args, code=0, env=None):
    result = run(BINARY, place, ["sessions", *args], env=env)
    assert result.returncode == code, (args, result.returncode, result.stdout, result.stderr)
    return result.stdout if code == 0 else result.stderr


def listed(place, *args):
    return json.loads(sessions(place, "list", "--json", *args))


def write(place, number, cwd="/w", source="cli", provider="openai", text="hello", archived=False, extra=()):
    """A session file with the lines that version 0.110 of the reference writes for a turn."""
    thread = f"0197a000-1111-7000-8000-{number:012}"
    name = f"rollout-2026-03-05T10-00-{number % 60:02}-{thread}.jsonl"
    folder = place.home / ("archived_sessions" if archived else "sessions/2026/03/05")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [("session_meta", {"id": thread, "timestamp": "2026-03-05T09:00:00.000Z", "cwd": cwd,
                               "originator": "codex_cli_rs", "cli_version": "0.110.0", "source": source,
                               "model_provider": provider, "base_instructions": {"text": "Be good."},
                               "git": {"commit_hash": "c0ffee", "branch": "main"}}),
             ("response_item", {"type": "message", "role": "user", "content": [
                 {"type": "input_text", "text": "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>"}]}),
             ("event_msg", {"type": "task_started", "turn_id": "t1", "model_context_window": 258400,
                            "collaboration_mode_kind": "default"}),
             ("response_item", {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}),
             ("event_msg", {"type": "user_message", "message": text, "images": [], "local_images": [],
                            "text_elements": []}),
             ("response_item", {"type": "reasoning", "summary": [{"type": "summary_text", "text": "**Thinking**"}],
                                "content": None, "encrypted_content": None}),
             ("response_item", {"type": "function_call", "name": "shell_command", "call_id": "c1",
                                "arguments": "{\"command\":\"ls <dir>\"}"}),
             ("response_item", {"type": "function_call_output", "call_id": "c1", "output": "a\n```\nb"}),
             ("event_msg", {"type": "agent_message", "message": "All done.", "phase": None}),
             ("response_item", {"type": "message", "role": "assistant",
                                "content": [{"type": "output_text", "text": "All done."}]}),
             ("event_msg", {"type": "token_count", "rate_limits": None, "info": {
                 "total_token_usage": {"input_tokens": 1200, "cached_input_tokens": 1000, "output_tokens": 34,
                                       "reasoning_output_tokens": 5, "total_tokens": 1234},
                 "last_token_usage": {"input_tokens": 1, "cached_input_tokens": 0, "output_tokens": 0,
                                      "reasoning_output_tokens": 0, "total_tokens": 1},
                 "model_context_window": 258400}}),
             ("event_msg", {"type": "task_complete", "turn_id": "t1", "last_agent_message": "All done."}), *extra]
    path = folder / name
    path.write_text("".join(json.dumps({"timestamp": "2026-03-05T09:00:01.000Z", "type": kind, "payload": payload},
                                       separators=(",", ":")) + "\n" for kind, payload in lines))
    os.utime(path, (1772700000 + number, 1772700000 + number))
    return thread, path


def test_what_exec_wrote_is_listed_shown_and_exported():
    with Place() as place, Mock([[created(), call("shell_command", {"command": "true"}), completed()],
                                 [message("It works."), completed()]]) as mock:
        place.configure(mock)
        first = run(BINARY, place, ["exec", "--json", "first question"])
        thread = json.loads(first.stdout.splitlines()[0])["thread_id"]
        out = listed(place)
        assert [s["id"] for s in out["sessions"]] == [thread]
        session = out["sessions"][0]
        assert session["preview"] == "first question" and session["cwd"] == str(place.cwd), session
        assert session["source"] == "exec" and session["model_provider"] == "mock" and not session["archived"]
        assert session["path"] == str(place.rollouts()[0]) and out["hidden"] == {} and out["next_cursor"] is None
        shown = json.loads(sessions(place, "show", thread, "--json"))
        assert [(t["user"], t["answer"], t["status"], t["calls"]) for t in shown["turns"]] == [
            (["first question"], "It works.", "completed", 1)], shown
        assert shown["tokens"]["total_tokens"] == 30 and shown["problems"] == []
        text = sessions(place, "export", thread)
        assert "## User\n\nfirst question\n" in text and "## Assistant\n\nIt works.\n" in text, text
        assert "<environment_context>" not in text
        assert listed(place, "--here")["sessions"] and not listed(place, "--cwd", "/")["sessions"]


def test_the_table_fits_and_says_what_it_hides():
    with Place() as place:
        assert sessions(place, "list") == "No sessions.\n"
        write(place, 1, text="first line\nsecond \x1b[31mline " + "long " * 50)
        write(place, 2, source="exec", cwd="/a/very/long/folder/name/that/does/not/fit/here")
        write(place, 3, source={"subagent": "review"})
        write(place, 4, archived=True)
        lines = sessions(place, "list").splitlines()
        assert lines[0].split() == ["ID", "UPDATED", "SOURCE", "FOLDER", "SESSION"]
        assert len(lines) == 6 and lines[-1] == "Not shown: 1 archived (--archived).", lines
        assert all(len(line) <= 120 for line in lines), "ids that differ only at their end stay whole"
        assert "\x1b" not in "".join(lines) and lines[3].endswith("  first line seco…"), lines
        assert "  …/that/does/not/fit/here  " in lines[2], lines[2]
        wide = sessions(place, "list", env={"COLUMNS": "160"}).splitlines()
        assert max(map(len, wide)) == 160 and wide[3].endswith("…")
        narrow = sessions(place, "list", "--source", "cli,vscode", "--search", "absent").splitlines()
        assert narrow == ["No sessions.", "", "Not shown: 1 archived (--archived), 2 of other sources, "
                          "1 without the searched text."], narrow


def test_filters_orders_and_pages():
    with Place() as place:
        for n in range(1, 8):
            write(place, n, source="cli" if n % 2 else "exec", provider="mine" if n < 4 else None, text=f"task {n}")
        os.utime(write(place, 3, provider="mine")[1], (1772800000, 1772800000))

        def numbers(*args):
            return [int(s["id"][-12:]) for s in listed(place, *args)["sessions"]]
        assert numbers() == [3, 7, 6, 5, 4, 2, 1], "the last changed first"
        assert numbers("--sort", "created") == [7, 6, 5, 4, 3, 2, 1]
        assert numbers("--source", "exec") == [6, 4, 2]
        assert numbers("--provider", "mine") == [3, 2, 1]
        (place.home / "config.toml").write_text('model_provider = "mine"\n[model_providers.mine]\nname = "m"\n'
                                                'base_url = "http://127.0.0.1:1"\n')
        assert len(numbers("--provider", "mine")) == 7, "a session without provider is of the configured one"
        assert numbers("--search", "TASK 5") == [5]
        pages, cursor = [], None
        while True:
            out = listed(place, "--limit", "3", *(["--after", cursor] if cursor else []))
            pages.append([int(s["id"][-12:]) for s in out["sessions"]])
            cursor = out["next_cursor"]
            if not cursor:
                break
        assert pages == [[3, 7, 6], [5, 4, 2], [1]], pages
        assert "--after" in sessions(place, "list", "-n", "2")
        assert "invalid cursor: x" in sessions(place, "list", "--after", "x", code=1)


def test_files_that_are_no_sessions_are_named():
    with Place() as place:
        thread, path = write(place, 1, cwd="/gone")
        for n in range(2, 9):
            write(place, n)[1].write_text("junk\n" * n)
        out = listed(place)
        assert len(out["sessions"]) == 1 and len(out["unreadable"]) == 7 and out["scanned"] == 8, out
        text = sessions(place, "list")
        assert text.count("no session_meta") == 5 and "2 more (--json names them)" in text, text
        assert [s["id"] for s in listed(place, "--cwd", "/gone/.")["sessions"]] == [thread]


def test_names():
    with Place() as place:
        first, _ = write(place, 1)
        second, _ = write(place, 2)
        assert "is now called: the port" in sessions(place, "rename", first, "  the port ")
        lines = (place.home / "session_index.jsonl").read_text().splitlines()
        entry = json.loads(lines[0])
        assert list(entry) == ["id", "thread_name", "updated_at"] and entry["thread_name"] == "the port"
        assert len(entry["updated_at"]) == len("2026-03-05T10:00:00.123456789Z") and entry["updated_at"][-1] == "Z"
        assert json.loads(sessions(place, "show", "the port", "--json"))["session"]["id"] == first
        assert json.loads(sessions(place, "rename", second, "the port", "--json")) == {"id": second, "name": "the port"}
        assert json.loads(sessions(place, "show", "the port", "--json"))["session"]["id"] == second
        assert "Thread name cannot be empty." in sessions(place, "rename", first, " ", code=1)
        assert listed(place, "--search", "port")["hidden"] == {}
        with open(place.home / "session_index.jsonl", "a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            began = time.monotonic()
            assert "locked" in sessions(place, "rename", first, "x", code=1)
            assert time.monotonic() - began > 0.5, "it waits a little"


def test_archive_and_back():
    with Place() as place:
        thread, path = write(place, 1)
        content = path.read_bytes()
        out = json.loads(sessions(place, "archive", thread[:30], "--json"))
        archived = place.home / "archived_sessions" / path.name
        assert out == {"id": thread, "archived": True, "path": str(archived)}
        assert archived.read_bytes() == content and not path.exists()
        assert listed(place)["hidden"] == {"archived": 1}
        assert [s["id"] for s in listed(place, "--archived")["sessions"]] == [thread]
        assert "archived already" in sessions(place, "archive", thread, code=1)
        refused = run(BINARY, place, ["exec", "resume", thread, "go on"])
        assert refused.returncode == 1 and f"burin sessions unarchive {thread}" in refused.stderr, refused.stderr
        sessions(place, "unarchive", thread)
        assert path.read_bytes() == content and path.stat().st_mtime > time.time() - 60
        assert "is not archived" in sessions(place, "unarchive", thread, code=1)


def test_an_open_session_is_left_alone():
    with Place() as place:
        thread, path = write(place, 1)
        with open(path, "a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for args in (("archive", thread), ("delete", thread, "--yes")):
                assert "open in another process" in sessions(place, *args, code=1)
            assert len(listed(place)["sessions"]) == 1, "listing needs no lock"
        assert path.exists()


def test_delete_asks():
    with Place() as place:
        thread, path = write(place, 1, text="precious")
        ledger = place.home / "ledger" / f"{thread}.jsonl"
        ledger.parent.mkdir()
        ledger.write_text("{}\n")
        refused = sessions(place, "delete", thread, code=1)
        assert "precious" in refused and "--yes" in refused and path.exists()
        assert json.loads(sessions(place, "delete", thread, "--yes", "--json")) == {"id": thread, "deleted": True}
        assert not path.exists() and not ledger.exists()
        assert "no session is called" in sessions(place, "show", thread, code=1)


def test_a_beginning_of_several_ids_is_refused_with_them():
    with Place() as place:
        first, _ = write(place, 1)
        second, _ = write(place, 2, archived=True)
        error = sessions(place, "show", "0197a000", code=1)
        assert first in error and f"{second}  (archived)" in error, error


def test_show_and_export_of_a_damaged_file():
    with Place() as place:
        thread, path = write(place, 1, text="look <here>", extra=[
            ("event_msg", {"type": "task_started", "turn_id": "t2", "model_context_window": None,
                           "collaboration_mode_kind": "default"}),
            ("event_msg", {"type": "user_message", "message": "again", "images": ["data:x"], "local_images": [],
                           "text_elements": []}),
            ("event_msg", {"type": "turn_aborted", "turn_id": "t2", "reason": "interrupted"}),
            ("event_msg", {"type": "thread_rolled_back", "num_turns": 1})])
        with open(path, "a") as file:
            file.write("junk\n")
        shown = json.loads(sessions(place, "show", str(path), "--json"))
        assert shown["skipped"] == 1 and len(shown["problems"]) == 1 and shown["tokens"]["total_tokens"] == 1234
        assert [(t["user"], t["status"], t["rolled_back"]) for t in shown["turns"]] == [
            (["look <here>"], "completed", False), (["again\n[Image]"], "interrupted", True)], shown["turns"]
        text = sessions(place, "show", thread)
        for part in ("Git       main c0ffee", "1,234: 1,200 in (1,000 cached), 34 out (5 reasoning)", "1 line could not",
                     "> look <here>", "(interrupted, taken back)", "codex_cli_rs 0.110.0"):
            assert part in text, (part, text)
        plain = run(BINARY, place, ["sessions", "export", thread])
        assert "1 lines" in plain.stderr, plain.stderr
        assert "<summary><code>shell_command</code> {\"command\":\"ls &lt;dir&gt;\"}</summary>" in plain.stdout
        assert "\n````\na\n```\nb\n````\n" in plain.stdout, "the fence is longer than those inside"
        assert "Thinking" not in plain.stdout and "*The last 1 turn(s) were taken back.*" in plain.stdout
        assert "> **Thinking**" in sessions(place, "export", thread, "--reasoning")
        lines = json.loads(sessions(place, "export", thread, "--format", "json"))
        assert lines == [json.loads(line) for line in path.read_text().splitlines() if line != "junk"]
        assert sessions(place, "export", thread, "-o", "out.md") == ""
        assert (place.cwd / "out.md").read_text() == plain.stdout


def test_the_index_changes_nothing_but_time():
    with Place() as place:
        for n in range(1, 6):
            write(place, n)
        want = sessions(place, "list", "--json")
        index = place.home / "burin_sessions.sqlite"
        assert index.exists()
        assert sessions(place, "list", "--json") == want
        whole = index.read_bytes()
        for bad in (b"", b"junk", whole[:4096], whole[:-1], whole[: len(whole) // 2]):
            index.write_bytes(bad)
            result = run(BINARY, place, ["sessions", "list", "--json"])
            assert (result.stdout, result.stderr) == (want, ""), len(bad)
        index.unlink()
        index.mkdir()
        assert sessions(place, "list", "--json") == want


def test_usage():
    with Place() as place:
        for args in (["sessions"], ["sessions", "zip"], ["sessions", "show"], ["sessions", "rename", "x"],
                     ["sessions", "list", "--sort", "zip"], ["sessions", "list", "-n", "0"],
                     ["sessions", "list", "--here", "--cwd", "/"]):
            result = run(BINARY, place, args)
            assert result.returncode == 2 and result.stderr.startswith("error: "), (args, result.stderr)
        help_text = run(BINARY, place, ["sessions", "--help"]).stdout
        for word in ("list", "show", "rename", "archive", "unarchive", "export", "delete"):
            assert word in help_text, help_text


def test_sessions_that_the_reference_wrote():
    reference = os.environ.get("BURIN_REFERENCE")
    if not reference:
        return
    with Place() as place, Mock([[created(), message("Hi from it."), completed()]]) as mock:
        place.configure(mock)
        result = run(pathlib.Path(reference), place, ["exec", "--json", "--skip-git-repo-check", "a question"])
        assert result.returncode == 0, result.stderr
        thread = json.loads(result.stdout.splitlines()[0])["thread_id"]
        session = listed(place)["sessions"][0]
        assert session["id"] == thread and session["preview"] == "a question" and session["source"] == "exec", session
        shown = json.loads(sessions(place, "show", thread, "--json"))
        assert [(t["user"], t["answer"], t["status"]) for t in shown["turns"]] == [
            (["a question"], "Hi from it.", "completed")]
        sessions(place, "rename", thread, "from the reference")
        sessions(place, "archive", "from the reference")
        sessions(place, "unarchive", "from the reference")
        again = run(pathlib.Path(reference), place, ["exec", "--json", "--skip-git-repo-check", "resume",
                                                     "from the reference", "more"])
        assert json.loads(again.stdout.splitlines()[0])["thread_id"] == thread, "it finds the name that we wrote"
        assert (place.home / "burin_sessions.sqlite").exists(), "it leaves our index alone"


if __name__ == "__main__":
    BINARY = sys.argv[1]
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
