#!/usr/bin/env python3
"""End-to-end tests of signing in and out, and of tokens that many processes renew at once, against a local issuer.
Usage: e2e_login.py BINARY [test…]."""
import base64
import hashlib
import http.server
import json
import os
import pty
import re
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import harness
from harness import Mock, Place, completed, message, run

BINARY = ""
DONE = [[message("done"), completed()]]


def jwt(account="acc-1"):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    auth = {"chatgpt_plan_type": "plus", "chatgpt_user_id": "u", "chatgpt_account_id": account}
    return f'{part({"alg": "none"})}.{part({"email": "a@b.c", "https://api.openai.com/auth": auth})}.made-up'


class Issuer:
    """Answers every POST with answer(path, body) -> (status, object), which runs outside of any lock."""

    def __init__(self, answer):
        self.requests = []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                issuer.requests.append({"path": self.path, "headers": dict(self.headers.items()), "body": body})
                status, content = answer(self.path, body)
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def tokens(path, body):
    if "token-exchange" in body:
        return 401, {"error": "no organization"}
    return 200, {"id_token": jwt(), "access_token": "access-1", "refresh_token": "refresh-1"}


def auth_file(place):
    return place.home / "auth.json"


def stored(place):
    return json.loads(auth_file(place).read_text())


def mode(place):
    return stat.S_IMODE(auth_file(place).stat().st_mode)


def write_login(place, last_refresh, access="old-access", refresh="old-refresh", account="acc-1", **more):
    auth_file(place).write_text(json.dumps({
        "auth_mode": "chatgpt", "OPENAI_API_KEY": None,
        "tokens": {"id_token": jwt(account), "access_token": access, "refresh_token": refresh, "account_id": account},
        "last_refresh": last_refresh, **more}))


def login(place, *args, stdin="", env=None):
    result = run(BINARY, place, ["login", *args], stdin=stdin, env=env)
    assert result.stdout == "", "everything is said on stderr"
    return result.returncode, result.stderr


def test_keys_status_and_logout():
    reading, good = "Reading API key from stdin...\n", "Successfully logged in\n"
    rows = [(" sk-proj-abcdefghijk12345 \n", "sk-proj-***12345"), ("12345678901234", "12345678***01234"),
            ("1234567890123", "***"), ("x", "***")]
    with Place() as place:
        os.umask(0)
        try:
            assert login(place, "status") == (1, "Not logged in\n")
            for key, shown in rows:
                assert login(place, "--with-api-key", stdin=key) == (0, reading + good)
                assert stored(place) == {"auth_mode": "apikey", "OPENAI_API_KEY": key.strip()}
                assert mode(place) == 0o600, oct(mode(place))
                assert login(place, "status") == (0, f"Logged in using an API key - {shown}\n")
            auth_file(place).chmod(0o640)
            assert login(place, "--with-api-key", stdin="sk-2")[0] == 0 and mode(place) == 0o640, "the user's choice"
        finally:
            os.umask(0o022)
        for said in ("Successfully logged out\n", "Not logged in\n"):
            result = run(BINARY, place, ["logout"])
            assert (result.returncode, result.stdout, result.stderr) == (0, "", said)
        for empty in ("", " \n"):
            assert login(place, "--with-api-key", stdin=empty) == (1, reading + "No API key provided via stdin.\n")
        code, text = login(place, "--api-key", "sk-secret")
        assert code == 1 and "--with-api-key" in text and "sk-secret" not in text, text
        assert not auth_file(place).exists()
        auth_file(place).write_text("{")
        code, text = login(place, "status")
        assert code == 1 and text.startswith("Error checking login status: ") and "auth.json" in text, text
        assert run(BINARY, place, ["logout"]).returncode == 0 and not auth_file(place).exists()


def test_a_terminal_is_not_read():
    with Place() as place:
        ours, theirs = pty.openpty()
        result = subprocess.run([BINARY, "login", "--with-api-key"], cwd=place.cwd, env=place.env(), stdin=theirs,
                                capture_output=True, timeout=20)
        os.close(ours), os.close(theirs)
        assert result.returncode == 1 and b"pipe it" in result.stderr, result


def test_forced_method_and_workspace():
    with Place() as place, Mock(DONE) as mock:
        place.configure(mock)
        no_chatgpt = "ChatGPT login is disabled. Use API key login instead.\n"
        for args in ([], ["--device-auth"]):
            assert login(place, *args, "-c", "forced_login_method=api") == (1, no_chatgpt)
        code, text = login(place, "--with-api-key", "-c", "forced_login_method=chatgpt", stdin="sk")
        assert code == 1 and text.endswith("API key login is disabled. Use ChatGPT login instead.\n"), text
        assert not auth_file(place).exists()
        for override, why in (("forced_login_method=api", "asks for an API key"),
                              ("forced_chatgpt_workspace_id=acc-2", "restricted to workspace acc-2")):
            write_login(place, now())
            assert login(place, "status") == (0, "Logged in using ChatGPT\n")
            result = run(BINARY, place, ["exec", "-c", override, "go"])
            assert result.returncode == 1 and why in result.stderr, result.stderr
            assert not auth_file(place).exists() and not mock.requests
        write_login(place, now())
        assert run(BINARY, place, ["exec", "-c", "forced_chatgpt_workspace_id=acc-1", "go"]).returncode == 0


def test_stores():
    with Place() as place:
        no_bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "XDG_RUNTIME_DIR": None}
        keyring, automatic = ["-c", "cli_auth_credentials_store=keyring"], ["-c", "cli_auth_credentials_store=auto"]
        code, text = login(place, "--with-api-key", *keyring, stdin="sk-secret", env=no_bus)
        assert code == 1 and "keyring" in text and 'cli_auth_credentials_store = "file"' in text, text
        assert not auth_file(place).exists() and "sk-secret" not in text
        assert login(place, "--with-api-key", *automatic, stdin="sk-secret", env=no_bus)[0] == 0
        assert stored(place)["OPENAI_API_KEY"] == "sk-secret" and mode(place) == 0o600
        assert login(place, "status", *automatic, env=no_bus)[0] == 0
        assert run(BINARY, place, ["logout", *automatic], env=no_bus).returncode == 0
        assert not auth_file(place).exists()
        assert login(place, "--with-api-key", "-c", "cli_auth_credentials_store=ephemeral", stdin="sk")[0] == 0
        assert not auth_file(place).exists()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def visit(url):
    """Status, location and text of a page."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    try:
        with opener.open(url, timeout=20) as reply:
            return reply.status, None, reply.read().decode()
    except urllib.error.HTTPError as reply:
        return reply.code, reply.headers.get("location"), reply.read().decode()


class BrowserRun:
    """`burin login` with a browser that only writes down what it is to open."""

    def __init__(self, place, issuer, *args):
        browser, self.opened = place.root / "browser", place.root / "opened"
        self.opened.unlink(missing_ok=True)
        browser.write_text(f'#!/bin/sh\necho "$1" > {self.opened}.part && mv {self.opened}.part {self.opened}\n')
        browser.chmod(0o755)
        self.process = subprocess.Popen([BINARY, "login", "--experimental_issuer", issuer.url, *args], cwd=place.cwd,
                                        env=place.env({"BROWSER": str(browser)}), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert harness.wait_until(self.opened.exists, 20), "the browser was not started"
        self.url = self.opened.read_text().strip()
        self.query = dict(urllib.parse.parse_qsl(self.url.partition("?")[2]))
        self.base = self.query["redirect_uri"].replace("localhost", "127.0.0.1").removesuffix("/auth/callback")

    def callback(self, **parameters):
        return visit(f"{self.base}/auth/callback?{urllib.parse.urlencode(parameters)}")

    def end(self):
        out, err = self.process.communicate(timeout=20)
        assert out == "" and self.url in err, err
        return self.process.returncode, err


def test_browser_login():
    with Place() as place, Issuer(tokens) as issuer:
        going = BrowserRun(place, issuer)
        assert going.url.startswith(issuer.url + "/oauth/authorize?"), going.url
        assert going.callback(code="x", state="guessed")[0] == 400
        status, location, _ = going.callback(code="the code", state=going.query["state"])
        assert status == 302 and location.endswith("/success"), location
        assert visit(f"{going.base}/success")[0] == 200
        code, err = going.end()
        assert code == 0 and err.endswith("Successfully logged in\n"), err
        exchange = dict(urllib.parse.parse_qsl(issuer.requests[0]["body"]))
        challenge = hashlib.sha256(exchange.pop("code_verifier").encode()).digest()
        assert base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == going.query["code_challenge"]
        assert exchange == {"grant_type": "authorization_code", "code": "the code", "client_id": going.query["client_id"],
                            "redirect_uri": going.query["redirect_uri"]}
        content = stored(place)
        assert content.pop("last_refresh") and mode(place) == 0o600
        assert content == {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": {
            "id_token": jwt(), "access_token": "access-1", "refresh_token": "refresh-1", "account_id": "acc-1"}}
        assert "access-1" not in err and "refresh-1" not in err
        assert login(place, "status") == (0, "Logged in using ChatGPT\n")


def test_browser_login_that_fails():
    with Place() as place, Issuer(tokens) as issuer:
        going = BrowserRun(place, issuer, "-c", "forced_chatgpt_workspace_id=acc-2")
        assert going.query["allowed_workspace_id"] == "acc-2"
        status, _, page = going.callback(code="c", state=going.query["state"])
        assert status == 200 and "acc-2" in page, page
        code, err = going.end()
        assert code == 1 and "Error logging in: Login is restricted to workspace id acc-2." in err, err
        first = BrowserRun(place, issuer)
        second = BrowserRun(place, issuer)  # asks the first one to make room
        code, err = first.end()
        assert code == 1 and "Login cancelled" in err, err
        assert second.base == first.base and visit(f"{second.base}/cancel")[0] == 200
        assert second.end()[0] == 1
        assert not auth_file(place).exists()


def test_device_login():
    polls = []

    def answer(path, body):
        if path.endswith("/usercode"):
            return 200, {"device_auth_id": "dev", "user_code": "ABCD-1234", "interval": "1"}
        if path.endswith("/deviceauth/token"):
            polls.append(body)
            if len(polls) < 3:
                return 403, {}
            return 200, {"authorization_code": "c", "code_challenge": "x", "code_verifier": "v"}
        return tokens(path, body)
    with Place() as place, Issuer(answer) as issuer:
        code, err = login(place, "--device-auth", "--experimental_issuer", issuer.url)
        assert code == 0 and "ABCD-1234" in err and f"{issuer.url}/codex/device" in err, err
        assert [r["path"] for r in issuer.requests] == ["/api/accounts/deviceauth/usercode"] + \
            ["/api/accounts/deviceauth/token"] * 3 + ["/oauth/token"], issuer.requests
        assert stored(place)["tokens"]["access_token"] == "access-1"
    with Place() as place, Issuer(lambda path, body: (404, {})) as issuer:
        code, err = login(place, "--device-auth", "--experimental_issuer", issuer.url)
        assert code == 1 and "offers no login with a device code" in err, err


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime())


OWN = 'model_provider = "mine"\n[model_providers.mine]\nname = "mine"\nbase_url = "http://127.0.0.1:{}/v1"\n' \
      "request_max_retries = 0\nstream_max_retries = 0\n"


def test_32_processes_renew_once():
    used = []

    def answer(path, body):
        token = json.loads(body)["refresh_token"]
        again = token in used
        used.append(token)
        time.sleep(0.5)  # all are waiting by now
        if again or token != "old-refresh":
            return 401, {"error": {"code": "refresh_token_reused"}}
        return 200, {"access_token": "new-access", "refresh_token": "new-refresh"}
    with Place() as place, Mock(DONE) as mock, Issuer(answer) as issuer:
        place.configure(None, replace=OWN.format(mock.port))
        write_login(place, "2020-01-01T00:00:00Z", later={"version": [1, 2.5]})
        env = place.env({"CODEX_REFRESH_TOKEN_URL_OVERRIDE": issuer.url + "/token", "RUST_LOG": "trace"})
        processes = [subprocess.Popen([BINARY, "exec", "go"], cwd=place.cwd, env=env, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(32)]
        results = [process.communicate(timeout=120) for process in processes]
        assert [process.returncode for process in processes] == [0] * 32, results
        assert all(out == "done\n" for out, _ in results)
        assert used == ["old-refresh"], used
        assert issuer.requests[0]["headers"]["originator"] == "codex_exec"
        sent = {(r["headers"]["authorization"], r["headers"]["chatgpt-account-id"]) for r in with_lower_names(mock)}
        assert sent == {("Bearer new-access", "acc-1")} and len(mock.requests) == 32, sent
        content = stored(place)
        assert (content["tokens"]["access_token"], content["tokens"]["refresh_token"]) == ("new-access", "new-refresh")
        assert content["later"] == {"version": [1, 2.5]} and content["tokens"]["id_token"] == jwt()
        assert content["last_refresh"][:10] == now()[:10]
        secrets = ("old-access", "old-refresh", "new-access", "new-refresh")
        assert not any(secret in err for _, err in results for secret in secrets), "nothing of it is ever logged"
        logs = [path.read_text(errors="replace") for path in place.home.rglob("*") if path.is_file()
                and path.name != "auth.json"]
        assert not any(secret in text for text in logs for secret in secrets)


def test_a_provider_with_its_own_key_needs_no_login():
    with Place() as place, Mock(DONE) as mock, Issuer(tokens) as issuer:
        place.configure(mock)
        env = {"CODEX_REFRESH_TOKEN_URL_OVERRIDE": issuer.url}
        auth_file(place).write_text("{")
        assert run(BINARY, place, ["exec", "go"], env=env).returncode == 0
        write_login(place, "2020-01-01T00:00:00Z")
        assert run(BINARY, place, ["exec", "go"], env=env).returncode == 0
        assert [r["headers"]["authorization"] for r in with_lower_names(mock)] == ["Bearer k", "Bearer k"]
        assert not issuer.requests


def authorization(mock):
    return [r["headers"].get("authorization") for r in with_lower_names(mock)]


def test_recovery_from_401():
    refused = {"status": 401, "body": {"error": {"message": "expired"}}}
    with Place() as place, Issuer(lambda path, body: (200, {"access_token": "new-access"})) as issuer:
        env = {"CODEX_REFRESH_TOKEN_URL_OVERRIDE": issuer.url}
        with Mock([refused, refused, *DONE]) as mock:
            place.configure(None, replace=OWN.format(mock.port))
            write_login(place, now())
            result = run(BINARY, place, ["exec", "go"], env=env)
            assert (result.returncode, result.stdout) == (0, "done\n"), result.stderr
            assert authorization(mock) == ["Bearer old-access"] * 2 + ["Bearer new-access"]
            assert len(issuer.requests) == 1 and stored(place)["tokens"]["access_token"] == "new-access"
        with Mock([refused]) as mock:
            place.configure(None, replace=OWN.format(mock.port).replace("stream_max_retries = 0", "stream_max_retries = 1"))
            write_login(place, now())
            assert run(BINARY, place, ["exec", "go"], env=env).returncode == 1
            assert len(mock.requests) == 6 and len(issuer.requests) == 3, "a triple for every attempt"
        with Mock([lambda _: write_login(place, now(), account="acc-2") or refused]) as mock:
            place.configure(None, replace=OWN.format(mock.port).replace("stream_max_retries = 0", "stream_max_retries = 1"))
            write_login(place, now())
            result = run(BINARY, place, ["exec", "go"], env=env)
            assert result.returncode == 1 and "another account" in result.stderr, result.stderr
            assert len(mock.requests) == 1 and len(issuer.requests) == 3, "for good"
        with Mock([refused]) as mock:
            place.configure(None, replace=OWN.format(mock.port))
            auth_file(place).write_text(json.dumps({"OPENAI_API_KEY": "sk"}))
            assert run(BINARY, place, ["exec", "go"], env=env).returncode == 1
            assert len(mock.requests) == 1, "nothing to recover"


def with_lower_names(mock):
    return [{"headers": {k.lower(): v for k, v in r["headers"].items()}} for r in mock.requests]


def test_a_failed_renewal_goes_on_with_the_old_token():
    with Place() as place, Mock(DONE) as mock, Issuer(lambda path, body: (500, {"error": "x"})) as issuer:
        place.configure(None, replace=OWN.format(mock.port))
        write_login(place, "2020-01-01T00:00:00Z")
        before = auth_file(place).read_bytes()
        result = run(BINARY, place, ["exec", "go"], env={"CODEX_REFRESH_TOKEN_URL_OVERRIDE": issuer.url})
        assert result.returncode == 0, result.stderr
        assert with_lower_names(mock)[0]["headers"]["authorization"] == "Bearer old-access"
        assert auth_file(place).read_bytes() == before and issuer.requests


def entry(slug, priority=1, visibility="list", **more):
    return {"slug": slug, "display_name": slug, "supported_reasoning_levels": [], "shell_type": "shell_command",
            "visibility": visibility, "supported_in_api": True, "priority": priority, "base_instructions": "Be brief.",
            "supports_reasoning_summaries": False, "support_verbosity": False, "apply_patch_tool_type": None,
            "truncation_policy": {"mode": "bytes", "limit": 10000}, "supports_parallel_tool_calls": False,
            "context_window": 100000, "experimental_supported_tools": [], **more}


def test_models_come_from_the_server_once_in_five_minutes():
    for program in [BINARY, os.environ.get("BURIN_REFERENCE")]:
        if not program:
            continue
        with Place() as place, Mock(DONE) as mock:
            place.configure(None, replace=OWN.format(mock.port))
            write_login(place, now())
            mock.models = [entry("hidden", -9, "hide"), entry("server-model", -5)]
            for times in (1, 1):
                result = run(program, place, ["exec", "--json", "go"])
                assert result.returncode == 0, result.stderr
                assert mock.requests[-1]["body"]["model"] == "server-model"
                assert mock.requests[-1]["body"]["instructions"] == "Be brief."
                assert len(mock.gets) == times, mock.gets
            assert mock.gets[0].endswith("/models?client_version=0.110.0")
            cache = json.loads((place.home / "models_cache.json").read_text())
            assert (cache["etag"], cache["client_version"]) == ('"e1"', "0.110.0")
            # A stream that names another etag has the list fetched again; the next run finds it in the cache.
            mock.script = [{"headers": {"x-models-etag": '"e2"'}, "events": DONE[0]}]
            mock.models, mock.etag = [entry("newer-model", -7)], '"e2"'
            assert run(program, place, ["exec", "--json", "go"]).returncode == 0
            assert len(mock.gets) == 2, mock.gets
            assert run(program, place, ["exec", "--json", "go"]).returncode == 0
            assert mock.requests[-1]["body"]["model"] == "newer-model"
            assert len(mock.gets) == 2, mock.gets
    with Place() as place, Mock(DONE) as mock:
        place.configure(None, replace=OWN.format(mock.port))
        mock.models = [entry("server-model", -5)]
        assert run(BINARY, place, ["exec", "go"], env={"CODEX_API_KEY": "k"}).returncode == 0
        assert not mock.gets and mock.requests[-1]["body"]["model"] == "gpt-5.3-codex"


if __name__ == "__main__":
    BINARY = sys.argv[1]
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
