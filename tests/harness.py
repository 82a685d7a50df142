"""What end-to-end tests share: a small scripted model server, a fresh home and project, runs of the built program.

The server is independent of Burin's own testkit on purpose: the client is tested against a second implementation.
"""
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

SHARED = pathlib.Path(__file__).resolve().parent.parent.parent / "shared"


class Mock:
    """Serves POST …/responses from a list; the last element repeats (vectors/app-server/README.md).

    `path` is another end of the path to serve. An event that is a text is sent as the data it is."""

    def __init__(self, script, path="/responses"):
        self.script = script
        self.requests = []
        self.models, self.etag, self.gets = None, '"e1"', []  # GET …/models
        self.lock = threading.Lock()
        self.hanging = threading.Event()
        mock = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                if mock.models is None or not self.path.split("?")[0].endswith("/models"):
                    return self.answer(404, {}, b"{}")
                mock.gets.append(self.path)
                self.answer(200, {"etag": mock.etag}, json.dumps({"models": mock.models}).encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if not self.path.split("?")[0].endswith(path):
                    return self.answer(404, {}, b"{}")
                with mock.lock:
                    element = mock.script[min(len(mock.requests), len(mock.script) - 1)]
                    mock.requests.append({"headers": dict(self.headers.items()), "body": json.loads(body)})
                if callable(element):
                    element = element(json.loads(body))
                if isinstance(element, list):
                    element = {"events": element}
                if "events" not in element:
                    data = json.dumps(element.get("body", {}), separators=(",", ":")).encode()
                    headers = dict(element.get("headers", {}))
                    headers.setdefault("content-type", "application/json")
                    return self.answer(element.get("status", 200), headers, data)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                for name, value in element.get("headers", {}).items():
                    self.send_header(name, value)
                self.send_header("connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    for event in element["events"]:
                        text = f"data: {event}\n\n" if isinstance(event, str) else (
                            f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n")
                        self.wfile.write(text.encode())
                        self.wfile.flush()
                        time.sleep(element.get("delayMs", 0) / 1000)
                    if element.get("hang"):
                        mock.hanging.set()
                        self.connection.settimeout(60)
                        self.connection.recv(1)
                except OSError:
                    pass

            def answer(self, status, headers, data):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


CONFIG = """model = "gpt-5.1-codex"
model_provider = "mock"
{top}
[model_providers.mock]
name = "mock"
base_url = "http://127.0.0.1:{port}/v1"
env_key = "MOCK_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
{bottom}
"""


class Place:
    """A fresh home and working directory, outside of the temporary directory (which is writable in the sandbox)."""

    def __init__(self, git=True):
        base = pathlib.Path(os.environ.get("BURIN_TEST_DIR", pathlib.Path.home() / ".cache" / "burin-tests"))
        base.mkdir(parents=True, exist_ok=True)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="t", dir=base)).resolve()
        self.home = self.root / "home"
        self.cwd = self.root / "work"
        self.openai = None
        self.home.mkdir()
        self.cwd.mkdir()
        if git:
            (self.cwd / ".git").mkdir()

    def configure(self, mock, top="", bottom="", replace=None):
        text = CONFIG.format(port=mock.port if mock else 1, top=top, bottom=bottom)
        text = text if replace is None else replace
        (self.home / "config.toml").write_text(text)
        # Those signed in with ChatGPT ask OpenAI for models whatever their provider is: that stays on this machine too.
        found = re.search(r"http://127\.0\.0\.1:(\d+)", text)
        self.openai = f"http://127.0.0.1:{found[1]}/v1" if found else "http://127.0.0.1:1/v1"

    def env(self, extra=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CODEX_", "BURIN_", "OPENAI_"))}
        # A home without profile scripts: what a login shell prints would be in the outputs.
        env.update({"CODEX_HOME": str(self.home), "MOCK_KEY": "k", "HOME": str(self.root),
                    "OPENAI_BASE_URL": self.openai})
        env.update(extra or {})
        return {k: v for k, v in env.items() if v is not None}

    def rollouts(self):
        return sorted((self.home / "sessions").rglob("*.jsonl")) if (self.home / "sessions").exists() else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for path in self.root.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(self.root, ignore_errors=True)


def run(binary, place, args, stdin="", env=None, timeout=60, **more):
    """Runs the program to its end; stdin is text that is written and closed."""
    return subprocess.run([str(b) for b in ([binary] if not isinstance(binary, list) else binary)] + list(args),
                          cwd=place.cwd, env=place.env(env), input=stdin, text=True, capture_output=True,
                          timeout=timeout, **more)


def message(text, item="m1"):
    return {"type": "response.output_item.done",
            "item": {"type": "message", "role": "assistant", "id": item,
                     "content": [{"type": "output_text", "text": text}]}}


def completed(total=15, response="r1"):
    return {"type": "response.completed",
            "response": {"id": response, "usage": {"input_tokens": total - 5, "input_tokens_details": None,
                                                   "output_tokens": 5, "output_tokens_details": None,
                                                   "total_tokens": total}}}


def call(name, arguments, call_id="c1"):
    return {"type": "response.output_item.done",
            "item": {"type": "function_call", "name": name, "arguments": json.dumps(arguments), "call_id": call_id}}


def created():
    return {"type": "response.created", "response": {"id": "r1"}}


def alive(marker):
    """Processes whose command line starts with the marker."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if words.startswith(marker):
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def run_tests(names, wanted):
    """Runs every function test_… of a script (or those wanted); the exit status."""
    failed = 0
    for name, test in sorted(names.items()):
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        began = time.monotonic()
        try:
            test()
            print(f"ok   {name} ({time.monotonic() - began:.2f} s)")
        except Exception as error:  # a failing test must not hide the others
            failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {str(error)[:2000]}")
    print(f"{failed} failed")
    return 1 if failed else 0
