#!/usr/bin/env python3
"""The seams: time, randomness, files, processes, environment and network are reached only through io, and the markers
of contextual fragments are known to one table."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTSIDE = [
    (re.compile(r"std::chrono::\w+::now\("), "time: ask io::Clock or io::Loop"),
    (re.compile(r"\bgetenv\(|\benviron\b"), "environment: use io::Environment"),
    (re.compile(r"(?<![A-Za-z_>])::(open|openat|creat|fork|vfork|execve|posix_spawnp?|socket|connect|unlink|rename|mkdir|opendir)\("),
     "system call: use io::Files, io::Processes or io::Http"),
    (re.compile(r"std::(ifstream|ofstream|fstream|random_device|thread|mutex|jthread)\b"),
     "use io (files, randomness) or the loop (no threads, no locks above io)"),
    (re.compile(r"std::filesystem::"), "use io::Files and base's path functions"),
    (re.compile(r"\bstd::rand\(|\brand\(\)"), "use io::Random"),
]
# What runs between fork and exec, or is the sandbox itself, has no world to ask.
EXCEPTIONS = {
    "src/sandbox/linux.cc",
    "src/base/log.cc",  # pool threads may log, too
}
MARKERS = re.compile(r"# AGENTS\.md instructions for |</?(environment_context|skill|user_shell_command|turn_aborted|"
                     r"subagent_notification)>")
MAY_NAME_MARKERS = {
    "src/context/fragments.cc",
    "src/testkit/snapshot.cc",  # shows requests of any client, and may not include context
    "src/wire/rollout_samples.h",
}


def main():
    problems = []
    for path in sorted((ROOT / "src").rglob("*")):
        relative = path.relative_to(ROOT).as_posix()
        if path.suffix not in (".h", ".cc") or relative.startswith(("src/io/", "src/testing/")):
            continue
        if relative.endswith("_test.cc") or relative in EXCEPTIONS or relative == "src/base/pch.h":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = line.split("//")[0]
            for pattern, remedy in OUTSIDE:
                if pattern.search(code):
                    problems.append(f"{relative}:{number}: {remedy}: {line.strip()}")
            if MARKERS.search(code) and relative not in MAY_NAME_MARKERS:
                problems.append(f"{relative}:{number}: marker of a fragment: use context/fragments.h: {line.strip()}")
    for problem in problems:
        print(problem)
    print(f"seams: {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
