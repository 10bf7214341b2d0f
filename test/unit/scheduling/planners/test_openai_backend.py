"""Against a real server on this machine that does what servers do wrong."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from robomatrix.errors import PlanningError
from robomatrix.scheduling.plan import PlanRequest
from robomatrix.scheduling.planners.openai_backend import OpenAIBackend, openai_planner
from robomatrix.skills.mobile_manipulation.specs import SPECS

EP = tuple(spec for spec in SPECS if "ep" in spec.robots)
PLAN = json.dumps(
    {
        "goal": ["on(green_can, bin)"],
        "status": "ok",
        "message": "as you like",
        "missing": [],
        "steps": [
            {"skill": "grasp", "arguments": {"object": "green_can"}},
            {"skill": "position_over", "arguments": {"object": "green_can", "target": "bin"}},
            {"skill": "release", "arguments": {"object": "green_can"}},
        ],
    }
)
UNKNOWN = PLAN.replace("green_can", "unicorn")


class Server(ThreadingHTTPServer):
    daemon_threads = True


@pytest.fixture
def serve():
    servers = []

    def start(behave):
        seen = []

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                seen.append((dict(self.headers), body))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    behave(self, body, len(seen))

        server = Server(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v1", seen

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def head(handler, kind="text/event-stream", status=200):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.end_headers()


def stream(handler, text, reason="stop"):
    head(handler)
    for start in range(0, len(text), 50):
        piece = {"choices": [{"delta": {"content": text[start : start + 50]}, "finish_reason": None}]}
        handler.wfile.write(b"data: " + json.dumps(piece).encode() + b"\n\n")
    if reason:
        last = {"choices": [{"delta": {}, "finish_reason": reason}]}
        handler.wfile.write(b"data: " + json.dumps(last).encode() + b"\n\ndata: [DONE]\n\n")


def obeying(handler, body, _):
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    stream(handler, '{"token": "zq7"}' if "token" in schema.get("properties", {}) else PLAN)


def whole(handler, body, _):
    head(handler, "application/json")
    handler.wfile.write(json.dumps({"choices": [{"message": {"content": PLAN}, "finish_reason": "stop"}]}).encode())


def prose(handler, body, _):
    stream(handler, "Of course! I would first look around and then think about it.")


def unknown_objects(handler, body, _):
    stream(handler, UNKNOWN)


def truncated(handler, body, _):
    stream(handler, PLAN[:80], reason="length")


def broken_off(handler, body, _):
    stream(handler, PLAN[:80], reason=None)


def failing(handler, body, _):
    head(handler, status=500)


def endless(handler, body, _):
    head(handler)
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.01)


def silent(handler, body, _):
    time.sleep(3.0)


def garbage(handler, body, _):
    head(handler)
    handler.wfile.write(b"data: {\xff\xfe not json\n\ndata: [DONE]\n\n")


def plan(scene, url, **options):
    options = {"budget": 1.5, "pause": 0.01, "read_timeout": 0.5} | options
    planner = openai_planner("m", base_url=url, **options)
    return planner.plan(PlanRequest("put the green can in the bin", scene, EP)), planner.backend


def test_a_server_that_obeys_is_found_out_and_used_with_the_schema(office, serve):
    url, seen = serve(obeying)
    result, backend = plan(office, url, budget=10.0, read_timeout=5.0)
    assert result.message == "as you like"
    assert [s.skill for s in result.steps] == ["move_to", "grasp", "move_to", "position_over", "release"]
    assert backend.enforces_schema() is True
    assert len(seen) == 2
    assert seen[1][1]["response_format"]["json_schema"]["strict"] is True


def test_a_server_that_ignores_the_schema_is_told_in_words(office, serve):
    url, seen = serve(whole)
    result, backend = plan(office, url, budget=10.0, read_timeout=5.0)
    assert result.message == "as you like"
    assert backend.enforces_schema() is False
    assert "response_format" not in seen[1][1]
    assert "schema" in seen[1][1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    "behaviour", [prose, unknown_objects, truncated, broken_off, failing, endless, silent, garbage]
)
def test_whatever_a_server_does_the_plan_is_valid_and_in_time(office, serve, behaviour):
    url, _ = serve(behaviour)
    started = time.monotonic()
    result, _ = plan(office, url)
    assert time.monotonic() - started < 4.0
    assert result.status == "ok" and "planned by rules" in result.message
    assert result.steps[-1].arguments == {"object": "green_can"}


def test_a_server_that_recovers_is_used(office, serve):
    def recovering(handler, body, request):
        failing(handler, body, request) if request == 2 else obeying(handler, body, request)

    url, seen = serve(recovering)
    result, _ = plan(office, url, budget=10.0, read_timeout=5.0)
    assert result.message == "as you like"
    assert len(seen) == 3


def test_a_refused_key_is_explained_and_never_shown(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-123")
    url, seen = serve(lambda handler, body, _: head(handler, status=401))
    with pytest.raises(PlanningError) as error:
        OpenAIBackend("m", base_url=url).complete([{"role": "user", "content": "x"}], {}, time.monotonic() + 2.0)
    assert "set OPENAI_API_KEY" in str(error.value)
    assert "secret" not in str(error.value)
    assert {k.lower(): v for k, v in seen[0][0].items()}["authorization"] == "Bearer sk-secret-123"
    assert "secret" not in repr(OpenAIBackend("m", base_url=url))


def test_nobody_there_is_said_at_once():
    backend = OpenAIBackend("m", base_url="http://127.0.0.1:9/v1", pause=0.01)
    with pytest.raises(PlanningError, match="cannot be reached"):
        backend.complete([{"role": "user", "content": "x"}], {}, time.monotonic() + 2.0)


def test_only_an_answer_tells_whether_the_schema_is_enforced(serve):
    def waking_up(handler, body, request):
        (failing, silent, obeying)[min(request, 3) - 1](handler, body, request)

    url, seen = serve(waking_up)
    backend = OpenAIBackend("m", base_url=url, read_timeout=0.3)
    assert [backend.enforces_schema() for _ in range(4)] == [False, False, True, True]
    assert len(seen) == 3


def test_a_server_that_refuses_schemas_is_asked_once(serve):
    url, seen = serve(lambda handler, body, _: head(handler, status=400))
    backend = OpenAIBackend("m", base_url=url)
    assert [backend.enforces_schema() for _ in range(3)] == [False] * 3
    assert len(seen) == 1


@pytest.mark.parametrize("behaviour", [obeying, whole])
def test_progress_is_told_the_text_and_nothing_else(serve, behaviour):
    url, _ = serve(behaviour)
    told = []
    backend = OpenAIBackend("m", base_url=url, progress=told.append)
    answer = backend.complete([{"role": "user", "content": "x"}], {}, time.monotonic() + 5.0)
    assert answer.text == "".join(told) == PLAN


def test_nobody_waits_past_the_deadline_for_a_server_that_falls_silent(serve):
    def falling_silent(handler, body, _):
        stream(handler, PLAN[:80], reason=None)
        handler.wfile.flush()
        time.sleep(3.0)

    url, _ = serve(falling_silent)
    backend = OpenAIBackend("m", base_url=url, read_timeout=10.0)
    backend._enforces = False
    backend.load()
    started = time.monotonic()
    with pytest.raises(PlanningError, match="in time"):
        backend.complete([{"role": "user", "content": "x"}], {}, started + 0.5)
    assert time.monotonic() - started < 0.8
