#!/usr/bin/env python3
"""Replays the recorded runs of the reference (shared/vectors/exec) against the program.

Usage: e2e_vectors.py BINARY [case…]. Passes with a note when the vectors are not there.
"""
import json
import re
import sys

import harness

# Cases about features that this version does not have, or where it differs on purpose.
SKIPPED = {
    "json-full": "needs MCP servers",
    "human-full": "needs MCP servers",
    "review-none": "no review command in this version",
    "review-unc": "no review command in this version",
    "review-human": "no review command in this version",
    "res-missing": "an unknown session id is an error here, not a new session",
}
SPLIT = re.compile(r"input [\d,]+ \(cached [\d,]+\), output ")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def expand(text, place):
    return text.replace("$CWD", str(place.cwd)).replace("$HOME", str(place.home))


def same_text(expected, actual):
    """One line; placeholders match what they stand for."""
    pattern = re.escape(expected)
    pattern = re.sub(r"\\\{\\\{ms\\\}\\\}", r"[0-9.ms ]+", pattern)
    pattern = re.sub(r"\\\{\\\{[a-z0-9]+\\\}\\\}", r"\\S+", pattern)
    pattern = pattern.replace(re.escape("(elided text)"), ".*")
    return re.fullmatch(pattern, actual) is not None


def same_json(expected, actual):
    if isinstance(expected, str):
        return isinstance(actual, str) and (same_text(expected, actual) or "(elided text)" in expected)
    if isinstance(expected, dict):
        return isinstance(actual, dict) and expected.keys() == actual.keys() and all(
            same_json(expected[k], actual[k]) for k in expected)
    if isinstance(expected, list):
        return isinstance(actual, list) and len(expected) == len(actual) and all(map(same_json, expected, actual))
    return expected == actual


def compare_stdout(case, actual, place, problems):
    expected = [expand(line, place) for line in case["stdout"]]
    if "--json" in case["args"] and len(expected) > 1:
        lines = actual.split("\n")
        if len(lines) != len(expected):
            problems.append(f"stdout has {len(lines)} lines instead of {len(expected)}:\n{actual}")
            return
        for want, got in zip(expected, lines):
            if want == got == "":
                continue
            if not same_json(json.loads(want), json.loads(got)):
                problems.append(f"stdout line\n  expected {want}\n  got      {got}")
    elif actual.split("\n") != expected:
        problems.append(f"stdout\n  expected {expected}\n  got      {actual.split(chr(10))}")


def compare_stderr(case, actual, place, problems):
    def keep(lines):
        # The banner, usage texts, hints and the split of the tokens are the project's own; where PATH could not be set
        # up is not compared.
        plain = (ANSI.sub("", line) for line in lines)
        return [line for line in plain if not SPLIT.match(line) and not line.startswith(
            ("OpenAI Codex v", "Burin v", "Usage: ", "WARNING: proceeding", "note: "))]

    expected = keep(expand(line, place) for line in case["stderr"])
    got = keep(actual.split("\n"))
    if case["exit"] == 2:
        expected, got = expected[:1], got[:1]
    if len(expected) != len(got) or not all(map(same_text, expected, got)):
        problems.append("stderr\n  expected\n    " + "\n    ".join(expected) + "\n  got\n    " + "\n    ".join(got))


def replay(binary, case):
    setup = case.get("setup") or {}
    problems = []
    with harness.Place(git=setup.get("git", True)) as place, harness.Mock(case.get("script") or [[]]) as mock:
        replace = setup.get("configReplace")
        place.configure(mock, setup.get("configTop", ""), setup.get("config", ""), replace)
        for name, content in (setup.get("files") or {}).items():
            (place.cwd / name).write_text(content)
        result = harness.run(binary, place, case["args"], case["stdin"] or "", setup.get("env"))
        if result.returncode != case["exit"]:
            problems.append(f"exit {result.returncode} instead of {case['exit']}\n{result.stderr}")
        if len(mock.requests) != case["requests"]:
            problems.append(f"{len(mock.requests)} requests instead of {case['requests']}")
        compare_stdout(case, result.stdout, place, problems)
        compare_stderr(case, result.stderr, place, problems)
    return problems


def main():
    binary, wanted = sys.argv[1], sys.argv[2:]
    file = harness.SHARED / "vectors" / "exec" / "cases.jsonl"
    if not file.exists():
        print("the recorded cases are not here: nothing to replay")
        return 0
    failed = passed = 0
    for line in file.read_text().splitlines():
        case = json.loads(line)
        if wanted and case["case"] not in wanted:
            continue
        if not wanted and case["case"] in SKIPPED:
            print(f"skip {case['case']}: {SKIPPED[case['case']]}")
            continue
        problems = replay(binary, case)
        print(("FAIL " if problems else "ok   ") + case["case"])
        for problem in problems:
            print("  " + problem.replace("\n", "\n  "))
        failed += bool(problems)
        passed += not problems
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
