#!/usr/bin/env python3
"""End-to-end tests of what `exec` sends to the model and makes of its answers. Usage: e2e_model.py BINARY [test…]."""
import base64
import json
import subprocess
import sys

import harness
from harness import Mock, Place, call, completed, message, run

BINARY = ""
MOCK = "model_providers.mock."
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")


def header(request, name):
    found = [v for k, v in request["headers"].items() if k.lower() == name]
    return found[0].encode("latin-1").decode() if found else None


def metadata(request):
    return json.loads(header(request, "x-codex-turn-metadata"))


def events(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def warnings(result):
    return [e["item"]["message"] for e in events(result) if e.get("item", {}).get("type") == "error"]


def recorded(place, kind):
    lines = [json.loads(line) for path in place.rollouts() for line in path.read_text().splitlines()]
    return [line["payload"] for line in lines if line["payload"].get("type") == kind]


def failed(kind, **error):
    return [{"type": "response.failed", "response": {"error": {"code": kind, **error}}}]


def test_ids_and_the_prefix_are_stable():
    script = [{"headers": {"x-codex-turn-state": "ts"}, "events": [call("exec_command", {"cmd": "true"}), completed()]},
              {"headers": {"x-codex-turn-state": "late"}, "events": [message("one"), completed()]}]
    with Place(git=False) as place, Mock(script) as mock:
        place.configure(mock)
        place.cwd = place.root / "wörk"
        subprocess.run(["git", "init", "-q", str(place.cwd)], check=True)
        subprocess.run(["git", "-C", str(place.cwd), "remote", "add", "origin", "https://me:pw@h.test/r"], check=True)
        first = run(BINARY, place, ["exec", "--json", "go"])
        assert first.returncode == 0, first.stderr
        thread = events(first)[0]["thread_id"]
        other = place.root / "other"
        other.mkdir()
        again = run(BINARY, place, ["exec", "--skip-git-repo-check", "-C", str(other), "-s", "workspace-write", "-c",
                                    "model_reasoning_effort=high", "resume", thread, "next"])
        assert again.returncode == 0, again.stderr
        one, two, three = mock.requests
        for request in mock.requests:
            assert header(request, "session_id") == request["body"]["prompt_cache_key"] == thread
            for key in ("instructions", "tools", "tool_choice", "include", "stream", "store"):
                assert request["body"][key] == one["body"][key], key
        assert two["body"]["input"][:len(one["body"]["input"])] == one["body"]["input"]
        assert three["body"]["input"][:len(two["body"]["input"])] == two["body"]["input"], "overrides only append"
        assert three["body"]["reasoning"]["effort"] == "high"
        turn = metadata(one)["turn_id"]
        assert turn and metadata(two)["turn_id"] == turn != metadata(three)["turn_id"]
        assert metadata(one)["sandbox"] == metadata(three)["sandbox"] == "seccomp"
        assert "workspaces" not in metadata(three), "no repository there"
        assert metadata(two).get("workspaces", {str(place.cwd): 0}).keys() == {str(place.cwd)}
        assert "pw@" not in header(two, "x-codex-turn-metadata")
        assert [header(r, "x-codex-turn-state") for r in mock.requests] == [None, "ts", None]
        assert not any("id" in item for r in mock.requests for item in r["body"]["input"])


def test_attempts_of_both_levels_multiply():
    with Place() as place, Mock([{"status": 502, "body": {}}]) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "--json", "-c", MOCK + "request_max_retries=1", "-c",
                                     MOCK + "stream_max_retries=1", "go"])
        assert result.returncode == 1
        assert len(mock.requests) == 4
        assert all(r["body"] == mock.requests[0]["body"] for r in mock.requests)
        text = f"unexpected status 502 Bad Gateway: {{}}, url: http://127.0.0.1:{mock.port}/v1/responses"
        assert events(result)[2:] == [{"type": "error", "message": f"Reconnecting... 1/1 ({text})"},
                                      {"type": "error", "message": text},
                                      {"type": "turn.failed", "error": {"message": text}}], result.stdout


def test_requests_for_each_failure():
    # With one retry on each level: how many requests are sent.
    limit = {"error": {"type": "usage_limit_reached", "plan_type": "pro"}}
    rows = [({"status": 400, "body": {"error": {"message": "bad"}}}, 1), ({"status": 401}, 2), ({"status": 403}, 2),
            ({"status": 404}, 2), ({"status": 426}, 2), ({"status": 429}, 1), ({"status": 429, "body": limit}, 1),
            ({"status": 503, "body": {"error": {"code": "slow_down"}}}, 2), (failed("context_length_exceeded"), 1),
            (failed("insufficient_quota"), 1), (failed("usage_not_included"), 1), (failed("slow_down"), 1),
            (failed("invalid_prompt", message="no"), 1), (failed("rate_limit_exceeded", message="try again in 9ms"), 2),
            (failed("server_error", message="boom"), 2), ([{"type": "response.incomplete", "response": {}}], 2), ([], 2)]
    for answer, count in rows:
        with Place() as place, Mock([answer]) as mock:
            place.configure(mock)
            result = run(BINARY, place, ["exec", "--json", "-c", MOCK + "request_max_retries=1", "-c",
                                         MOCK + "stream_max_retries=1", "go"])
            assert result.returncode == 1
            assert len(mock.requests) == count, (answer, len(mock.requests))
            seen = [e["type"] for e in events(result)]
            retried = count == 2 and not isinstance(answer, dict) or count == 2 and answer["status"] != 503
            assert seen[2:] == ["error"] * (2 if retried else 1) + ["turn.failed"], (answer, seen)


def test_a_failed_turn_does_not_harm_the_next():
    with Place() as place, Mock([[harness.created()], [message("fine"), completed()]]) as mock:
        place.configure(mock)
        assert run(BINARY, place, ["exec", "first"]).returncode == 1
        again = run(BINARY, place, ["exec", "resume", "--last", "second"])
        assert (again.returncode, again.stdout) == (0, "fine\n"), again.stderr
        texts = [i["content"][0]["text"] for i in mock.requests[1]["body"]["input"] if i["role"] == "user"]
        assert texts[-2:] == ["first", "second"], texts


def test_completed_wins_over_failed_and_ends_an_open_body():
    script = [{"events": failed("insufficient_quota") + [message("done"), completed()], "hang": True}]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "go"])
        assert (result.returncode, result.stdout) == (0, "done\n"), result.stderr


def test_limits_are_recorded_before_the_error_and_cleared_by_silence():
    used = {"x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "15",
            "x-codex-credits-has-credits": "true", "x-codex-credits-unlimited": "false"}
    limit = {"status": 429, "headers": used, "body": {"error": {"type": "usage_limit_reached"}}}
    with Place() as place, Mock([limit]) as mock:
        place.configure(mock)
        result = run(BINARY, place, ["exec", "--json", "go"])
        assert "usage limit" in events(result)[-1]["error"]["message"]
        (count,) = recorded(place, "token_count")
        assert count["rate_limits"]["primary"] == {"used_percent": 100.0, "window_minutes": 15, "resets_at": None}
    script = [{"headers": used, "events": [call("exec_command", {"cmd": "true"}), completed()]},
              [message("done"), completed()]]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        run(BINARY, place, ["exec", "go"])
        last = recorded(place, "token_count")[-1]["rate_limits"]
        assert last["primary"] is None and last["credits"]["has_credits"], last


def test_a_rerouted_model_is_told_once_in_a_turn_and_recorded():
    served = {"openai-model": "gpt-5.2"}
    script = [{"headers": served, "events": [call("exec_command", {"cmd": "true"}), completed()]},
              {"headers": served, "events": [message("done"), completed()]}]
    with Place() as place, Mock(script) as mock:
        place.configure(mock)
        (warning,) = warnings(run(BINARY, place, ["exec", "--json", "go"]))
        assert "gpt-5.2" in warning and "gpt-5.1-codex" in warning
        told = [i["content"][0]["text"] for i in mock.requests[1]["body"]["input"] if i.get("role") == "user"]
        assert told[-1] == "Warning: " + warning, told
    same = {"type": "response.created", "response": {"id": "r", "model": "another", "headers": {}}}
    with Place() as place, Mock([{"headers": {"openai-model": "GPT-5.1-Codex"}, "events": [same, completed()]}]) as mock:
        place.configure(mock)
        assert warnings(run(BINARY, place, ["exec", "--json", "go"])) == []


def test_an_unknown_model_is_sent_as_named_with_a_warning_every_turn():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(mock)
        for args in (["go"], ["resume", "--last", "again"]):
            (warning,) = warnings(run(BINARY, place, ["exec", "--json", "-m", "my-org/gpt-5.1-codex", *args]))
            assert warning.startswith("Model metadata for `my-org/gpt-5.1-codex` not found. "), warning
        for request in mock.requests:
            body = request["body"]
            assert (body["model"], body["reasoning"], body["include"]) == ("my-org/gpt-5.1-codex", None, [])


def test_an_own_catalogue_is_the_only_one():
    entry = {"slug": "mine", "display_name": "Mine", "supported_reasoning_levels": [], "shell_type": "shell_command",
             "visibility": "list", "supported_in_api": True, "priority": 5, "base_instructions": "MY INSTRUCTIONS",
             "supports_reasoning_summaries": False, "support_verbosity": False, "experimental_supported_tools": [],
             "truncation_policy": {"mode": "bytes", "limit": 9}, "supports_parallel_tool_calls": True}
    hidden = {**entry, "slug": "hidden", "priority": 0, "visibility": "hide"}
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(mock, top='model_catalog_json = "models.json"')
        config = place.home / "config.toml"
        config.write_text(config.read_text().replace('model = "gpt-5.1-codex"', ""))
        (place.home / "models.json").write_text(json.dumps({"models": [hidden, entry]}))
        assert warnings(run(BINARY, place, ["exec", "--json", "go"])) == []
        body = mock.requests[0]["body"]
        assert (body["model"], body["instructions"], body["parallel_tool_calls"]) == ("mine", "MY INSTRUCTIONS", True)
        (warning,) = warnings(run(BINARY, place, ["exec", "--json", "-m", "gpt-5.1-codex", "go"]))
        assert warning.startswith("Model metadata for `gpt-5.1-codex` not found. "), warning


def test_an_invalid_image_of_the_user_is_left_out():
    refusal = {"status": 400,
               "body": {"error": {"message": "The image data you provided does not represent a valid image."}}}
    for script, code in (([refusal, [message("ok"), completed()]], 0), ([refusal], 1)):
        with Place() as place, Mock(script) as mock:
            place.configure(mock)
            (place.cwd / "p.png").write_bytes(PNG)
            result = run(BINARY, place, ["exec", "--json", "-i", "p.png", "--", "look"])
            assert result.returncode == code and len(mock.requests) == 2
            assert "input_image" in json.dumps(mock.requests[0]["body"])
            assert "input_image" not in json.dumps(mock.requests[1]["body"])
            if code:
                assert "emove" in events(result)[-1]["error"]["message"], "it says what to do"
            else:
                assert "left out" in result.stdout, "and what was done"


def test_credentials():
    mine = '[model_providers.mine]\nname = "mine"\nbase_url = "http://127.0.0.1:{}/v1"\n'
    stored = {"auth_mode": "apikey", "OPENAI_API_KEY": "stored"}
    rows = [({}, None), ({"OPENAI_API_KEY": "no"}, None), (stored, "Bearer stored")]
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(None, replace='model_provider = "mine"\n' + mine.format(mock.port))
        for content, sent in rows:
            env = {"OPENAI_API_KEY": "from the environment"}
            if "auth_mode" in content:
                (place.home / "auth.json").write_text(json.dumps(content))
            assert run(BINARY, place, ["exec", "go"], env=env).returncode == 0
            assert header(mock.requests[-1], "authorization") == sent
        result = run(BINARY, place, ["exec", "go"], env={"CODEX_API_KEY": "temporary", "RUST_LOG": "trace"})
        assert header(mock.requests[-1], "authorization") == "Bearer temporary"
        files = [f.read_bytes() for f in place.home.rglob("*") if f.is_file()]
        assert "temporary" not in result.stderr and not any(b"temporary" in f for f in files)
        assert json.loads((place.home / "auth.json").read_text()) == stored, "it is never stored"
        before = len(mock.requests)
        (place.home / "auth.json").write_text("{")
        result = run(BINARY, place, ["exec", "go"])
        assert result.returncode == 1 and result.stdout == "" and len(mock.requests) == before
        assert "auth.json" in result.stderr, result.stderr
        (place.home / "auth.json").write_text(json.dumps(stored))
        result = run(BINARY, place, ["exec", "-c", "forced_login_method=chatgpt", "go"])
        assert result.returncode == 1 and len(mock.requests) == before, result.stderr
        assert not (place.home / "auth.json").exists()


def test_the_built_in_provider_follows_the_environment():
    with Place() as place, Mock([[message("done"), completed()]]) as mock:
        place.configure(None, replace="")
        env = {"OPENAI_BASE_URL": f"http://127.0.0.1:{mock.port}/v1", "CODEX_API_KEY": "k", "OPENAI_ORGANIZATION": "org",
               "OPENAI_PROJECT": "  ", "CODEX_INTERNAL_ORIGINATOR_OVERRIDE": "codex_sdk_ts", "TERM": "xterm"}
        result = run(BINARY, place, ["exec", "go"], env=env)
        assert result.returncode == 0, result.stderr
        (request,) = mock.requests
        agent = header(request, "user-agent")
        assert header(request, "originator") == "codex_sdk_ts" and agent.startswith("codex_sdk_ts/"), agent
        assert header(request, "version") in agent and agent.endswith(" xterm"), agent
        assert header(request, "openai-organization") == "org" and header(request, "openai-project") is None
        for absent in ("x-codex-beta-features", "x-openai-subagent", "accept-encoding", "openai-beta", "conversation_id", "content-encoding", "chatgpt-account-id"):
            assert header(request, absent) is None, absent
        run(BINARY, place, ["--enable", "prevent_idle_sleep", "exec", "-c", "features.apps=true", "go"], env=env)
        assert header(mock.requests[1], "x-codex-beta-features") == "apps,prevent_idle_sleep", "in the menu's order"


if __name__ == "__main__":
    BINARY = sys.argv[1]
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
