#!/usr/bin/env python3
"""The include graph: a room may include only rooms below it (docs/architecture.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Lowest first. A room may include itself and every room before it in this list...
ORDER = ["base", "io", "wire", "config", "model", "context", "sandbox", "tools", "mcp", "store", "agent", "realtime",
         "exec", "app_server", "tui", "cli"]
# ... except that front ends do not include each other,
FRONT_ENDS = {"exec", "app_server", "tui"}
# and that these stand beside the order.
SPECIAL = {"testkit": {"base", "io", "wire", "testkit"}}
CLI_EXTRA = {"testkit"}  # the demo and `mock-server` link it on purpose
BANNED = re.compile(r"#include <(regex|iostream|boost/asio|boost/beast)")
HEAVY = {"<curl/": "io", "<CLI/": "cli", "<toml++/": "config", "<seccomp.h>": "sandbox", "<tree_sitter/": "sandbox",
         "<stb/": "context", "<sqlite3.h>": "io", "<zstd.h>": None}


def allowed(room):
    if room in SPECIAL:
        return SPECIAL[room]
    below = set(ORDER[: ORDER.index(room) + 1])
    if room in FRONT_ENDS:
        below -= FRONT_ENDS - {room}
    if room == "cli":
        below |= CLI_EXTRA
    return below


def main():
    problems = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        room = path.relative_to(ROOT / "src").parts[0]
        if room == "testing":
            continue
        is_test = path.name.endswith("_test.cc")
        may = allowed(room) | ({"testkit", "testing", "sandbox"} if is_test else set())
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            where = f"{path.relative_to(ROOT)}:{number}"
            if BANNED.search(line) and not (is_test and room == "io"):  # there as a second implementation
                problems.append(f"{where}: banned header: {line.strip()}")
            for header, owner in HEAVY.items():
                if owner and f"#include {header}" in line and room != owner:
                    problems.append(f"{where}: {header} belongs to {owner}")
            match = re.match(r'#include "([a-z_]+)/', line)
            if match and match.group(1) not in may:
                problems.append(f"{where}: {room} may not include {match.group(1)}")
    for problem in problems:
        print(problem)
    print(f"include graph: {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
