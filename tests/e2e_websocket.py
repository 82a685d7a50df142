#!/usr/bin/env python3
"""End-to-end tests of the WebSocket transport: handshakes, messages and requests that the scripted server saw, through
proxies and TLS too. Usage: e2e_websocket.py BINARY [test…]. With BURIN_REFERENCE set the reference runs the scripts
marked as common as well, and must do the same."""
import base64
import contextlib
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import harness
from harness import Place, call, completed, created, message, run, wait_until

BINARY = ""
DONE = [created(), message("done"), completed(response="r9")]
WARM = [created(), completed(response="warm")]
CONFIG = """model = "gpt-5.1-codex"
model_provider = "mock"
{top}
[model_providers.mock]
name = "mock"
base_url = "{url}"
supports_websockets = true
env_key = "MOCK_KEY"
request_max_retries = 1
stream_max_retries = {retries}
[features]
responses_websockets = true
"""


class Server:
    """`burin mock-server` with a script; its facts are read from the log."""

    def __init__(self, place, script):
        self.log, ready = place.root / "mock.log", place.root / "ready"
        path = place.root / "script.json"
        path.write_text(json.dumps(script))
        self.process = subprocess.Popen([BINARY, "mock-server", str(path), "--log", str(self.log), "--ready-file",
                                         str(ready), "--timeout", "300"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        assert wait_until(ready.exists), self.process.stderr.read()
        self.url = ready.read_text().split()[1]
        self.port = int(self.url.rsplit(":", 1)[1].split("/")[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=10)

    def facts(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def of(self, kind):
        return [f for f in self.facts() if f["kind"] == kind]

    def short(self):
        """What happened, one word each: h (handshake), m (message: connection, base, number of items), http."""
        out = []
        for f in self.facts():
            if f["kind"] == "ws-handshake":
                out.append("h")
            elif f["kind"] == "ws-message":
                b = f["body"]
                word = f"m{f['connection']} {b.get('previous_response_id', '-')} {len(b['input'])}"
                out.append(word + (" warm" if b.get("generate") is False else ""))
            elif f["kind"] == "http" and f["path"].endswith("/responses"):
                out.append(f"http {len(f['body']['input'])}")
            elif f["kind"] == "problem":
                out.append("problem: " + f["text"])
        return out


def header(fact, name):
    found = [v for k, v in fact["headers"] if k.lower() == name]
    return found[0] if found else None


def errors(result):
    events = [json.loads(line) for line in result.stdout.splitlines()]
    texts = [e["message"] for e in events if e["type"] == "error"]
    texts += [e["item"]["message"] for e in events if e.get("item", {}).get("type") == "error"]
    return [t for t in texts if not t.startswith("Under-development features")]


def go(place, server, *arguments, retries=2, top="", url=None, env=None, binary=None, timeout=60):
    (place.home / "config.toml").write_text(CONFIG.format(url=url or server.url, retries=retries, top=top))
    return run(binary or BINARY, place, ["exec", "--json", "--skip-git-repo-check", "-s", "danger-full-access",
                                         *arguments, "hi"], env=env, timeout=timeout)


def played(script, **more):
    with Place() as place, Server(place, script) as server:
        result = go(place, server, **more)
        return server.short(), result, server.facts()


SHELL = call("shell_command", {"command": "echo hi"})
# name -> (script, what happens, exit status, first words of errors in order). All of them run the same in the reference.
COMMON = {
    "tool": ({"ws": [{"requests": [WARM, [created(), SHELL, completed(response="r1")], DONE]}]},
             ["h", "m0 - 0 warm", "m0 warm 3", "m0 r1 1"], 0, []),
    "without compression": ({"ws": [{"deflate": False, "requests": [WARM, DONE]}]},
                            ["h", "m0 - 0 warm", "m0 warm 3"], 0, []),
    "no takeover": ({"ws": [{"deflate": "; client_no_context_takeover; server_no_context_takeover",
                             "requests": [WARM, DONE]}]}, ["h", "m0 - 0 warm", "m0 warm 3"], 0, []),
    "426": ({"ws": [{"refuse": {"status": 426, "json": {}}}], "responses": [DONE]}, ["h", "http 3"], 0, []),
    "refused": ({"ws_default": {"refuse": {"status": 404, "text": ""}}, "responses": [DONE]},
                ["h", "h", "h", "h", "http 3"], 0, ["Reconnecting... 2/2", "Falling back from WebSockets to HTTPS"]),
    "429": ({"ws_default": {"refuse": {"status": 429, "json": {}}}}, ["h", "h"], 1, ["exceeded retry limit"]),
    "failed": ({"ws": [{"requests": [WARM, [created(), {"type": "response.failed", "response": {
        "error": {"code": "x", "message": "no"}}}]]}, {"requests": [DONE]}]},
        ["h", "m0 - 0 warm", "m0 warm 3", "h", "m1 - 3"], 0, []),
    "error 400": ({"ws": [{"requests": [WARM, [{"type": "error", "status": 400, "error": {"message": "bad"}}]]}]},
                  ["h", "m0 - 0 warm", "m0 warm 3"], 1, ['{"type":"error"']),
    "age limit": ({"ws": [{"requests": [WARM, [{"type": "error", "status": 400, "error": {
        "code": "websocket_connection_limit_reached", "message": "60"}}]]}, {"requests": [DONE]}]},
        ["h", "m0 - 0 warm", "m0 warm 3", "h", "m1 - 3"], 0, []),
    "prewarm fails": ({"ws": [{"requests": [[{"type": "error", "status": 500, "error": {}}]]}, {"requests": [DONE]}]},
                      ["h", "m0 - 0 warm", "h", "m1 - 3"], 0, []),
    "prewarm has an item": ({"ws": [{"requests": [[created(), message("x"), completed(response="warm")], DONE]}]},
                            ["h", "m0 - 0 warm", "m0 - 3"], 0, []),
    "slow handshake": ({"ws": [{"accept_delay_ms": 400, "requests": [WARM, DONE]}]},
                       ["h", "m0 - 0 warm", "m0 warm 3"], 0, []),
    "ping": ({"ws": [{"requests": [WARM, [created(), {"$ping": "x"}, {"$sleep": 50}, message("done"),
                                          completed(response="r1")]]}]}, ["h", "m0 - 0 warm", "m0 warm 3"], 0, []),
    "binary": ({"ws": [{"requests": [WARM, [{"$binary": "AAAA"}]]}, {"requests": [DONE]}]},
               ["h", "m0 - 0 warm", "m0 warm 3", "h", "m1 - 3"], 0, []),
    "half a frame": ({"ws": [{"requests": [WARM, [created(), {"$half": True}]]}, {"requests": [DONE]}]},
                     ["h", "m0 - 0 warm", "m0 warm 3", "h", "m1 - 3"], 0, []),
    "closed by the server": ({"ws_default": {"requests": [[{"$close": 1011}]]}, "responses": [DONE]},
                             ["h", "m0 - 0 warm", "h", "m1 - 3", "h", "m2 - 3", "h", "m3 - 3", "http 3"], 0,
                             ["Reconnecting... 2/2", "Falling back from WebSockets to HTTPS"]),
    "incomplete": ({"ws": [{"requests": [WARM, [{"type": "response.incomplete", "response": {
        "incomplete_details": {"reason": "max"}}}]]}, {"requests": [DONE]}]},
        ["h", "m0 - 0 warm", "m0 warm 3", "h", "m1 - 3"], 0, []),
}


def check_common(binary):
    for name, (script, happens, status, complaints) in COMMON.items():
        short, result, _ = played(script, binary=binary)
        assert short == happens, f"{name}: {short}"
        assert result.returncode == status, f"{name}: {result.returncode} {result.stderr}"
        # A failing turn tells its error twice: as an event, and as its end.
        found = list(dict.fromkeys(errors(result)))
        assert len(found) == len(complaints), f"{name}: {found}"
        for text, start in zip(found, complaints):
            assert text.startswith(start), f"{name}: {text}"


def test_common_scripts():
    check_common(BINARY)


def test_common_scripts_in_the_reference():
    reference = os.environ.get("BURIN_REFERENCE")
    if not reference:
        print("  skipped: BURIN_REFERENCE is not set")
        return
    check_common(reference)


def test_items_of_a_cut_answer_are_kept_and_no_call_runs_twice():
    cut = [created(), call("shell_command", {"command": "echo ran >> marks; echo hi"}), {"$drop": True}]
    with Place() as place, Server(place, {"ws": [{"requests": [WARM, cut]}, {"requests": [DONE]}]}) as server:
        result = go(place, server)
        assert result.returncode == 0, result.stderr
        assert (place.cwd / "marks").read_text() == "ran\n"
        last = server.of("ws-message")[-1]["body"]
        assert "previous_response_id" not in last
        kinds = [item["type"] for item in last["input"]]
        assert kinds == ["message"] * 3 + ["function_call", "function_call_output"], kinds


def test_turn_state_lives_as_long_as_its_turn():
    script = {"ws": [{"response_headers": {"x-codex-turn-state": "ts-1"}, "requests": [WARM, [{"$drop": True}]]},
                     {"requests": [DONE]}]}
    short, result, facts = played(script)
    shakes = [f for f in facts if f["kind"] == "ws-handshake"]
    assert [header(f, "x-codex-turn-state") for f in shakes] == [None, "ts-1"], short
    assert result.returncode == 0


def test_a_network_that_swallows_websockets_costs_a_second_and_is_remembered():
    script = {"ws_default": {"accept_delay_ms": 60000}, "responses": [DONE, DONE]}
    with Place() as place, Server(place, script) as server:
        start = time.monotonic()
        result = go(place, server, retries=5)
        first = time.monotonic() - start
        assert result.returncode == 0, result.stderr
        assert first < 1.8, first
        assert server.short() == ["h", "http 3"], server.short()
        assert any(t.startswith("Falling back from WebSockets") for t in errors(result)), errors(result)
        start = time.monotonic()
        result = go(place, server, retries=5)
        assert time.monotonic() - start < 0.9
        assert server.short() == ["h", "http 3", "http 3"], server.short()
        assert not errors(result)


def test_the_handshake_alone():
    short, result, _ = played({"ws": [{"requests": [DONE]}]}, top='prewarm_mode = "handshake"')
    assert short == ["h", "m0 - 3"], short
    assert result.returncode == 0
    short, _, _ = played({"ws_default": {"refuse": {"status": 426, "json": {}}}, "responses": [DONE]},
                         top='prewarm_mode = "handshake"')
    assert short == ["h", "h", "http 3"], short


def test_two_hundred_calls_send_each_item_once():
    count = 200
    answers = [[created(), call("shell_command", {"command": "true"}, f"c{i}"), completed(response=f"r{i}")]
               for i in range(count)]
    with Place() as place, Server(place, {"ws": [{"requests": [WARM, *answers, DONE]}]}) as server:
        result = go(place, server, timeout=180)
        assert result.returncode == 0, result.stderr
        messages = server.of("ws-message")
        assert len(messages) == count + 2
        assert [len(m["body"]["input"]) for m in messages] == [0, 3] + [1] * count
        sizes = [m["wire_size"] for m in messages[2:]]
        assert max(sizes) < 2000, max(sizes)
        assert not server.of("problem"), server.of("problem")


def jwt():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f'{part({"alg": "none"})}.{part({"https://api.openai.com/auth": {"chatgpt_account_id": "acc"}})}.made-up'


def test_a_refused_handshake_renews_the_login():
    refuse = {"refuse": {"status": 401, "json": {}}}
    script = {"ws": [refuse, refuse, {"requests": [WARM, DONE]}], "token": [{"json": {"access_token": "new-access"}}]}
    with Place() as place, Server(place, script) as server:
        (place.home / "auth.json").write_text(json.dumps({
            "OPENAI_API_KEY": None, "last_refresh": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "tokens": {"id_token": jwt(), "access_token": "old-access", "refresh_token": "r", "account_id": "acc"}}))
        text = CONFIG.format(url=server.url, retries=0, top="").replace('env_key = "MOCK_KEY"\n', "")
        (place.home / "config.toml").write_text(text)
        result = run(BINARY, place, ["exec", "--json", "hi"],
                     env={"CODEX_REFRESH_TOKEN_URL_OVERRIDE": server.url.replace("/v1", "/oauth/token"),
                          "OPENAI_BASE_URL": server.url})
        assert result.returncode == 0, result.stdout + result.stderr
        tokens = [header(f, "authorization") for f in server.of("ws-handshake")]
        assert tokens == ["Bearer old-access", "Bearer old-access", "Bearer new-access"], tokens
        assert {header(f, "chatgpt-account-id") for f in server.of("ws-handshake")} == {"acc"}
        assert server.short()[-2:] == ["m2 - 0 warm", "m2 warm 3"], server.short()


class Listener:
    """Accepts on a free loopback port; serve(client) runs in a thread for each connection."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()


class Proxy(Listener):
    """A proxy for CONNECT: `answer` is the status line it gives, None for silence. Requests are recorded."""

    def __init__(self, answer="200 OK"):
        self.answer, self.heads = answer, []
        super().__init__()

    def serve(self, client):
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                got = client.recv(4096)
                if not got:
                    return
                head += got
            self.heads.append(head.decode())
            if self.answer is None:
                client.recv(1)
                return
            client.sendall(f"HTTP/1.1 {self.answer}\r\n\r\n".encode())
            if not self.answer.startswith("200"):
                return
            host, port = head.split()[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port))) as server:
                join(client, server)


def join(one, other):
    """Copies both ways until either side has ended."""
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for s in (source, target):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
    thread = threading.Thread(target=copy, args=(other, one), daemon=True)
    thread.start()
    copy(one, other)
    thread.join(5)


def test_proxies_are_asked_to_connect():
    script = {"ws": [{"requests": [WARM, DONE]}]}
    with Place() as place, Server(place, script) as server, Proxy() as proxy:
        result = go(place, server, env={"HTTP_PROXY": f"http://me:pw@127.0.0.1:{proxy.port}", "NO_PROXY": None})
        assert result.returncode == 0, result.stderr
        assert server.short() == ["h", "m0 - 0 warm", "m0 warm 3"]
        head = proxy.heads[0]
        assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n"), head
        assert "Proxy-Authorization: Basic bWU6cHc=" in head, head
        assert "Proxy-Connection: Keep-Alive" in head, head
        assert "authorization: bearer" not in head.lower().replace("proxy-authorization", ""), head
    for variable in ("ALL_PROXY", "all_proxy", "http_proxy"):
        with Place() as place, Server(place, script) as server, Proxy() as proxy:
            result = go(place, server, env={variable: f"http://127.0.0.1:{proxy.port}"})
            assert result.returncode == 0 and len(proxy.heads) == 1, (variable, result.stderr)


def test_no_proxy_leaves_hosts_alone():
    script = {"ws": [{"requests": [WARM, DONE]}]}
    for value in ("127.0.0.1", "*", "127.0.0.0/8", "example.test, 127.0.0.1"):
        with Place() as place, Server(place, script) as server, Proxy() as proxy:
            result = go(place, server, env={"HTTP_PROXY": f"http://127.0.0.1:{proxy.port}", "NO_PROXY": value})
            assert result.returncode == 0, result.stderr
            assert not proxy.heads, (value, proxy.heads)


def test_proxies_that_refuse_or_hang():
    for answer in ("403 Forbidden", "407 Proxy Authentication Required", None):
        # Requests over HTTP go to the same proxy, which refuses them too: the program ends with an error that says so.
        with Place() as place, Server(place, {"responses": [DONE]}) as server, Proxy(answer) as proxy:
            env = {"HTTP_PROXY": f"http://127.0.0.1:{proxy.port}"}
            start = time.monotonic()
            if answer is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    go(place, server, retries=0, env=env, timeout=4)
            else:
                result = go(place, server, retries=0, env=env)
                assert result.returncode == 1
                assert time.monotonic() - start < 5
            connects = [h for h in proxy.heads if h.startswith("CONNECT")]
            posts = [h for h in proxy.heads if h.startswith("POST http://")]
            assert connects and posts, proxy.heads


class Tls(Listener):
    """TLS in front of a port, with a certificate of its own authority."""

    def __init__(self, place, port):
        self.authority, key, cert = place.root / "ca.pem", place.root / "key.pem", place.root / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "1", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
        self.authority.write_bytes(cert.read_bytes())
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.target = port
        super().__init__()

    def serve(self, client):
        with contextlib.suppress(OSError, ssl.SSLError):
            with self.context.wrap_socket(client, server_side=True) as secure:
                with socket.create_connection(("127.0.0.1", self.target)) as server:
                    join(secure, server)


def test_tls_with_an_authority_of_ones_own():
    script = {"ws": [{"requests": [WARM, [created(), SHELL, completed(response="r1")], DONE]}]}
    for variable in ("SSL_CERT_FILE", "CODEX_CA_CERTIFICATE"):
        with Place() as place, Server(place, script) as server, Tls(place, server.port) as tls:
            result = go(place, server, url=f"https://127.0.0.1:{tls.port}/v1", env={variable: str(tls.authority)})
            assert result.returncode == 0, result.stderr
            assert server.short() == ["h", "m0 - 0 warm", "m0 warm 3", "m0 r1 1"], server.short()
    with Place() as place, Server(place, script) as server, Tls(place, server.port) as tls:
        result = go(place, server, url=f"https://127.0.0.1:{tls.port}/v1", retries=0)
        assert result.returncode == 1
        assert not server.short(), server.short()
        assert any("SSL_CERT_FILE" in text or "certificate" in text for text in errors(result)), errors(result)


if __name__ == "__main__":
    BINARY = pathlib.Path(sys.argv[1]).resolve()
    sys.exit(harness.run_tests(globals(), sys.argv[2:]))
