#!/usr/bin/env python3
"""End-to-end tests of the sandbox's commands and of what exec asks. Usage: e2e_sandbox.py BINARY [test…]."""
import json
import os
import sys

import harness
from harness import Mock, Place, call, completed, message, run

BINARY = ""


def outputs(request):
    return {i["call_id"]: i["output"] for i in request["body"]["input"] if i["type"].endswith("_output")}


def test_sandbox_linux():
    with Place() as place:
        place.configure(None)
        outside = place.root / "outside"
        outside.mkdir()

        def code(*args, command):
            return run(BINARY, place, ["sandbox", *args, "--", "sh", "-c", f"{command} 2> /dev/null"]).returncode

        assert code("linux", command="exit 7") == 7
        assert code("landlock", command="exit 7") == 7
        assert code("linux", command="echo a > here") != 0
        assert code("linux", "--full-auto", command="echo a > here") == 0
        assert code("linux", "--full-auto", command=f"echo a > {outside}/x") != 0
        roots = f'sandbox_workspace_write.writable_roots=["{outside}"]'
        assert code("linux", "--full-auto", "-c", roots, command=f"echo a > {outside}/x") == 0
        network = "python3 -c 'import socket; socket.socket()'"
        assert code("linux", "--full-auto", command=network) != 0
        assert code("linux", "--full-auto", "-c", "sandbox_workspace_write.network_access=true", command=network) == 0
        seen = run(BINARY, place, ["sandbox", "linux", "--", "sh", "-c", "cat; env | grep ^CODEX_; echo err >&2"], "in\n")
        assert sorted(seen.stdout.splitlines()) == [f"CODEX_HOME={place.home}", "CODEX_SANDBOX_NETWORK_DISABLED=1",
                                                    "in"], seen
        assert seen.stderr.endswith("err\n")


def test_the_helper_goes_by_its_name():
    with Place() as place:
        link = place.root / "codex-linux-sandbox"
        link.symlink_to(BINARY)

        def helper(policy, script):
            return run(link, place, ["--sandbox-policy-cwd", str(place.cwd), "--sandbox-policy", json.dumps(policy), "--",
                                     "sh", "-c", script])

        write = {"type": "workspace-write", "network_access": False, "exclude_tmpdir_env_var": True,
                 "exclude_slash_tmp": True}
        assert helper(write, "echo a > here; exit 3").returncode == 3
        assert (place.cwd / "here").read_text() == "a\n"
        denied = helper({"type": "read-only"}, "echo a > there")
        assert denied.returncode != 0 and "Permission denied" in denied.stderr, denied
        assert helper({"type": "danger-full-access"}, f"echo a > {place.root}/out").returncode == 0


def test_exec_never_asks_whatever_the_configuration_says():
    calls = [call("shell_command", {"command": "touch made"}, "c1"), call("shell_command", {"command": "rm -rf made"}, "c2"),
             call("shell_command", {"command": "ls", "sandbox_permissions": "require_escalated"}, "c3"), completed()]
    for top in ('approval_policy = "untrusted"', 'approval_policy = "on-request"', 'approval_policy = "on-failure"'):
        with Place() as place, Mock([calls, [message("done"), completed()]]) as mock:
            place.configure(mock, top)
            result = run(BINARY, place, ["exec", "-s", "workspace-write", "go"])
            assert result.returncode == 0, result.stderr
            out = outputs(mock.requests[1])
            assert out["c1"].startswith("Exit code: 0\n"), out
            assert out["c2"] == "`/bin/bash -lc 'rm -rf made'` rejected: blocked by policy", out
            assert out["c3"].startswith("approval policy is Never; reject command — you should not ask"), out
            assert (place.cwd / "made").exists()


def permission_texts(request):
    return [part["text"] for i in request["body"]["input"] if i.get("role") == "developer" for part in i["content"]
            if part["text"].startswith("<permissions instructions>")]


def test_the_permission_text_is_sent_when_it_changed():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(mock)

        def texts(*args):
            result = run(BINARY, place, ["exec", *args])
            assert result.returncode == 0, result.stderr
            return permission_texts(mock.requests[-1])

        first = texts("-s", "read-only", "one")
        assert len(first) == 1 and "`read-only`" in first[0] and "never" in first[0], first
        assert texts("-s", "read-only", "resume", "--last", "two") == first
        changed = texts("-s", "workspace-write", "resume", "--last", "three")
        assert len(changed) == 2 and "`workspace-write`" in changed[1] and str(place.cwd) in changed[1], changed
        assert texts("-s", "workspace-write", "resume", "--last", "four") == changed


def main():
    global BINARY
    BINARY = os.path.abspath(sys.argv[1])
    return harness.run_tests(globals(), sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
