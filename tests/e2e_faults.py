#!/usr/bin/env python3
"""Faults of the built program: kills at random moments, many processes on one session, full disks.

Usage: e2e_faults.py BINARY [test…]. `BURIN_TEST_CASES=n` kills more or fewer runs, `BURIN_TEST_SEED=n` plays others.
"""
import concurrent.futures
import fcntl
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import harness
from harness import Mock, Place, call, completed, created, message, run, wait_until

BINARY = ""
SEED = int(os.environ.get("BURIN_TEST_SEED", "1"))
KILLS = int(os.environ.get("BURIN_TEST_CASES", "100"))


def start(place, args):
    return subprocess.Popen([BINARY, *args], cwd=place.cwd, env=place.env(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def input_texts(body, roles=("user", "assistant")):
    return [part.get("text", "") for item in body["input"] if item["type"] == "message" and item["role"] in roles
            for part in item["content"]]


def asked(body):
    return input_texts(body, ("user",))[-1]


def outputs_of(body):
    return [item["call_id"] for item in body["input"] if item["type"].endswith("_output")]


def calls_of(body):
    return [item["call_id"] for item in body["input"] if item["type"] == "function_call"]


def file_of(place, thread):
    found = [path for path in place.rollouts() if thread in path.name]
    assert len(found) < 2, found
    return found[0] if found else None


def records_of(path):
    """Every line of a file that was closed or repaired must parse."""
    text = path.read_bytes()
    assert text.endswith(b"\n"), text[-200:]
    return [json.loads(line) for line in text.splitlines()]


def told_by(lines):
    """What a client has seen as completed: texts that must be in the file."""
    items = [event["item"] for event in lines if event["type"] == "item.completed"]
    return ([item["text"] for item in items if item["type"] == "agent_message"],
            [item["command"] for item in items if item["type"] == "command_execution"])


def working(body):
    """A model that says something and runs a command, four times."""
    if asked(body) == "go on":
        return [created(), message("back"), completed()]
    n = len(outputs_of(body))
    if n == 4:
        return [created(), message("all done", f"m{n}"), completed()]
    return [created(), message(f"step {n} of {asked(body)}", f"m{n}"),
            call("exec_command", {"cmd": f"echo out-{n}"}, f"c{n}"), completed()]


def killed_run(place, mock, number):
    """One run that is killed somewhere; what it told must be in its file, and the file must go on."""
    chance = random.Random(SEED * 1000 + number)
    prompt = f"prompt {number}"
    process = start(place, ["exec", "--json", prompt])
    lines = []
    if chance.random() < 0.5:
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 16))]
    else:
        time.sleep(chance.random() * 0.4)
    process.kill()
    lines += process.communicate(timeout=30)[0].splitlines(keepends=True)
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    if not events:
        return 0
    thread = events[0]["thread_id"]
    texts, commands = told_by(events)
    path = file_of(place, thread)
    if path and path.stat().st_size == 0:
        path = None  # killed between making the file and its first record
    assert path or not (texts or commands), (number, texts)
    written = path.read_text() if path else ""
    at = 0
    for text in texts:
        at = written.find(json.dumps(text), at)
        assert at >= 0, (number, text, "is not in the file, or not in order")
    assert written.count("function_call_output") >= len(commands), (number, commands)
    if path:
        again = run(BINARY, place, ["exec", "resume", thread, "go on"])
        assert again.returncode == 0 and again.stdout == "back\n", (number, again.stderr)
        records_of(path)
        sent = [r["body"] for r in mock.requests if r["headers"].get("session_id") == thread][-1]
        assert sorted(calls_of(sent)) == sorted(outputs_of(sent)), (number, calls_of(sent))
        said = input_texts(sent)
        assert [t for t in said if t in texts] == texts and (not texts or prompt in said), (number, said)
    return 1


def test_what_was_told_survives_a_kill_at_a_random_moment():
    with Place() as place, Mock([working]) as mock:
        place.configure(mock)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            told = sum(pool.map(lambda n: killed_run(place, mock, n), range(KILLS)))
        assert told > KILLS / 3, told
        print(f"kills: {KILLS} runs killed, {told} of them after they had told something; seed {SEED}")


def turns_in(records):
    """The ids of the turns, in order; none begins before the one before has ended."""
    turns, open_turn = [], None
    for record in records:
        payload = record["payload"]
        kind = payload.get("type") if record["type"] == "event_msg" else None
        if kind == "task_started":
            # The turn of a killed owner is closed by the next one, right after its own start.
            turns.append(payload["turn_id"])
            open_turn = payload["turn_id"]
        elif kind == "task_complete":
            assert payload["turn_id"] == open_turn, "two owners at once"
            open_turn = None
    return turns


def contender(place, thread, number, deadline, results):
    """Resumes the session again and again; sometimes it is killed in the middle."""
    chance = random.Random(SEED * 100 + number)
    n = 0
    while time.monotonic() < deadline:
        n += 1
        prompt = f"worker {number} job {n}"
        process = start(place, ["exec", "--json", "resume", thread, prompt])
        if chance.random() < 0.3:
            time.sleep(chance.random() * 0.3)
            process.kill()
        out, err = process.communicate(timeout=60)
        events = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith("\n")]
        done = any(event["type"] == "turn.completed" for event in events)
        results.append((prompt, process.returncode, done, err))
        time.sleep(chance.random() * 0.1)


def test_sixteen_processes_on_one_session():
    def answers(body):
        called = body["input"][-1]["type"] == "function_call_output"
        return [created(), message("did " + asked(body)) if called else call("exec_command", {"cmd": "echo x"}),
                completed()]

    with Place() as place, Mock([answers]) as mock:
        place.configure(mock)
        first = run(BINARY, place, ["exec", "--json", "first"])
        thread = json.loads(first.stdout.splitlines()[0])["thread_id"]
        results, deadline = [], time.monotonic() + 6
        workers = [threading.Thread(target=contender, args=(place, thread, n, deadline, results)) for n in range(16)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        run(BINARY, place, ["exec", "resume", thread, "the last one"])
        records = records_of(file_of(place, thread))
        text = json.dumps(records)
        refused = [r for r in results if r[1] == 1 and "open in another process" in r[3]]
        killed = [r for r in results if r[1] == -signal.SIGKILL]
        finished = [r for r in results if r[1] == 0]
        assert len(refused) + len(killed) + len(finished) == len(results), \
            [r for r in results if r not in refused + killed + finished][:3]
        assert all(r[2] for r in finished) and len(finished) > 3 and refused and killed, (len(finished), len(killed))
        assert len(turns_in(records)) == len(set(turns_in(records)))
        for prompt, _, done, _ in results:
            users = text.count(f'"text": "{prompt}"')
            assert users == 1 if done else users <= 1, (prompt, users)
        assert "open in another process" not in text
        print(f"L6: 16 processes, {len(finished)} turns, {len(refused)} refusals, {len(killed)} kills")


def test_the_lock_goes_with_its_owner():
    """An owner killed while its command runs: the lock is free at once, though the command had to be ended too."""
    marker = f"sleep 33{os.getpid()}"
    script = [[created(), call("exec_command", {"cmd": marker}), completed()]]
    slowest = 0
    with Place() as place, Mock([[message("one"), completed()]]) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "first"])
        (path,) = place.rollouts()
        mock.script = script
        for _ in range(5):
            owner = start(place, ["exec", "resume", "--last", "work"])
            assert wait_until(lambda: harness.alive(marker), 20)
            refused = run(BINARY, place, ["exec", "resume", "--last", "me too"])
            assert refused.returncode == 1 and "is open in another process" in refused.stderr, refused.stderr
            with open(path, "a") as probe:
                owner.kill()
                killed = time.monotonic()
                while True:
                    try:
                        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        assert time.monotonic() - killed < 1, "the lock outlives its owner"
                        time.sleep(0.002)
                slowest = max(slowest, time.monotonic() - killed)
            owner.communicate(timeout=20)
            assert wait_until(lambda: not harness.alive(marker))
        mock.script = [[message("back"), completed()]]
        assert run(BINARY, place, ["exec", "resume", "--last", "go on"]).stdout == "back\n"
        assert "me too" not in path.read_text()
        records_of(path)
        print(f"L6: lock free {slowest * 1000:.0f} ms after the kill, the slowest of 5")


def test_a_full_disk_is_told_and_the_turn_goes_on():
    """A size limit on files stands for the full disk: writes fail half way, later ones too."""
    with Place() as place, Mock([working]) as mock:
        place.configure(mock)
        limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 10; exec "$0" exec --json "long prompt $1"', BINARY, "x" * 20]
        result = run(limited, place, [])
        assert result.returncode == 0, result.stderr
        told = [line for line in result.stdout.splitlines() if "cannot be written" in line]
        assert len(told) == 1 and "File too large" in told[0], result.stdout
        assert "all done" in result.stdout
        (path,) = place.rollouts()
        before = records_of(path)
        assert 0 < path.stat().st_size <= 10 * 1024
        thread = json.loads(result.stdout.splitlines()[0])["thread_id"]
        assert run(BINARY, place, ["exec", "resume", thread, "go on"]).stdout == "back\n"
        assert records_of(path)[:len(before)] == before


if __name__ == "__main__":
    BINARY = sys.argv[1]
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
