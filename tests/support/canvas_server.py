"""A stand-in for Canvas: SIS imports, reports, assignments and grades over HTTP on 127.0.0.1, with faults on demand.

In a test: ``with CanvasServer() as canvas: ...``. As a process that outlives its caller: ``python canvas_server.py``; it prints
its address, and ``GET /state`` tells what it holds.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from canvas_gradebook import NOT_FOUND, UNAUTHORIZED, Answer, Gradebook
from canvas_reports import report
from canvas_state import Fault, Query, State

TOKEN = "canvas-stand-in-token"  # noqa: S105 - the stand-in's own
THROTTLED = "403 Forbidden (Rate Limit Exceeded)\n"


Route = Callable[["Handler", re.Match[str], Query], Any]
ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def route(method: str, path: str) -> Callable[[Route], Route]:
    def add(work: Route) -> Route:
        ROUTES.append((method, re.compile(f"/api/v1/{path}"), work))
        return work

    return add


class Handler(BaseHTTPRequestHandler):
    """One request. The server object holds the state."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: CanvasHTTP

    @property
    def state(self) -> State:
        return self.server.state

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def _handle(self, method: str) -> None:
        split = urlsplit(self.path)
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        state = self.state
        if self.server.foreign:
            state.elsewhere.append(dict(self.headers.items()))
            return self._send(200, state.files[int(split.path.rsplit("/", 1)[1])], "text/csv")
        if split.path == "/state":
            with state.lock:
                return self._send(200, json.dumps(state.dump(), default=str).encode(), "application/json")
        if split.path.startswith("/files/"):
            number = split.path.split("/")[2]
            return self._send(302, b"", headers={"Location": f"{self.server.foreign_address}/blobs/{number}"})
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            body = json.dumps({"errors": [{"message": "Invalid access token."}]}).encode()
            return self._send(401, body, headers={"WWW-Authenticate": 'Bearer realm="canvas-lms"'})
        state.requests.append((method, split.path))
        fault = next((f.what for f in state.faults if f.hits(method, split.path)), "")
        if fault == "lose":
            return self._hang_up()
        if fault in ("403", "429", "500", "502"):
            return self._send(int(fault), THROTTLED.encode() if fault in ("403", "429") else b"fault", "text/plain")
        status, answer, headers = self._answer(method, split.path, parse_qs(split.query))
        data = json.dumps(answer).encode()
        if fault == "drop":
            return self._hang_up()
        if fault == "half":
            self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data) + 50}\r\n\r\n".encode() + data[: len(data) // 2])
            return self._hang_up()
        if fault == "done500":
            return self._send(500, b"fault", "text/plain")
        return self._send(status, data, "application/json", headers)

    def _answer(self, method: str, path: str, query: Query) -> tuple[int, Any, dict[str, str]]:
        for wanted, pattern, work in ROUTES:
            match = pattern.fullmatch(path)
            if wanted == method and match:
                try:
                    with self.state.lock:
                        found = work(self, match, query)
                except Answer as answer:
                    return answer.status, answer.body, {}
                if isinstance(found, Paged):
                    return 200, *self._page(found, path, query)
                return 200, found, {}
        return 404, NOT_FOUND, {}

    def _page(self, found: Paged, path: str, query: Query) -> tuple[Any, dict[str, str]]:
        start = int(query.get("page", ["bookmark:0"])[0].removeprefix("bookmark:"))
        size = min(int(query.get("per_page", ["10"])[0]), self.state.page)
        items = found.items[start : start + size]
        kept = "&".join(f"{name}={value}" for name, values in query.items() if name != "page" for value in values)
        more = f'<{self.state.next_page_at or self.server.address}{path}?page=bookmark:{start + size}&{kept}>; rel="next"'
        return ({found.key: items} if found.key else items), {"Link": more} if len(found.items) > start + size else {}

    def _send(self, status: int, data: bytes, kind: str = "application/json", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Rate-Limit-Remaining", str(self.state.remaining))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body or b"{}"))

    def attachment(self) -> tuple[str, bytes]:
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + self.body, policy=email.policy.HTTP)
        part = next(iter(message.iter_parts()))
        return str(part.get_filename()), part.get_payload(decode=True)


@dataclass
class Paged:
    items: list[Any]
    key: str = ""


class CanvasHTTP(ThreadingHTTPServer):
    daemon_threads = True
    foreign_address = ""

    def __init__(self, state: State, foreign: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.state, self.foreign = state, foreign
        self.address = f"http://127.0.0.1:{self.server_port}"


class CanvasServer:
    """Two servers: Canvas, and the host its files lie on."""

    def __init__(self) -> None:
        self.state = State()
        self._servers = [CanvasHTTP(self.state), CanvasHTTP(self.state, foreign=True)]
        self._servers[0].foreign_address = self._servers[1].address
        self.url = self._servers[0].address

    def __enter__(self) -> CanvasServer:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fail(self, what: str, method: str, path: str, times: int = 1, skip: int = 0) -> None:
        self.state.faults.append(Fault(what, method, path, times, skip))


# Routes -----------------------------------------------------------------------------------------------------------------


@route("GET", "users/self")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    return {"id": 1, "name": "Integration"}


@route("GET", "accounts/(self|1)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    return {"id": 1, "name": "Root", "root_account_id": handler.state.root_account_id}


@route("GET", "accounts/(self|1)/permissions")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    return {name: handler.state.rights.get(name, True) for name in query.get("permissions[]", [])}


@route("GET", "accounts/(self|1)/sis_imports")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    states = query.get("workflow_state[]")
    jobs = [job for job in reversed(handler.state.jobs.values()) if not states or job["workflow_state"] in states]
    return Paged([handler.state.job_json(job) for job in jobs], "sis_imports")


@route("POST", "accounts/(self|1)/sis_imports")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    if not handler.state.rights.get("import_sis", True):
        raise Answer(401, UNAUTHORIZED)
    name, data = handler.attachment()
    return handler.state.job_json(handler.state.begin_import(name, data, query))


@route("GET", r"accounts/(self|1)/sis_imports/(\d+)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    return handler.state.job_json(handler.state.jobs[int(match[2])])


@route("GET", r"accounts/(self|1)/sis_imports/(\d+)/errors")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    return Paged(handler.state.jobs[int(match[2])]["errors"], "sis_import_errors")


@route("POST", "accounts/(self|1)/reports/provisioning_csv")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    given = dict(parse_qsl(handler.body.decode()))
    deleted = given.pop("parameters[include_deleted]", "") == "true"
    (parameter,) = (name[len("parameters[") : -1] for name, value in given.items() if value == "true")
    number = next(handler.state.ids)
    data = report(handler.state.account, parameter, deleted)
    handler.state.files[number] = data.replace(b"user_id,", b"benutzer_id,", 2) if handler.state.translated else data
    handler.state.reports[number] = {"id": number, "status": "created", "looks": 0}
    return {"id": number, "status": "created"}


@route("GET", r"accounts/(self|1)/reports/provisioning_csv/(\d+)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    held = handler.state.reports[int(match[2])]
    held["looks"] += 1
    if held["looks"] < 2:
        return {"id": held["id"], "status": "running", "progress": 50}
    address = f"{handler.server.address}/files/{held['id']}/download?verifier=v"
    return {"id": held["id"], "status": handler.state.report_status, "attachment": {"id": held["id"], "url": address}}


@route("GET", r"progress/(\d+)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    return handler.state.progress[int(match[1])]


@route("GET", "courses/([^/]+)/assignments")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    book = handler.state.gradebook
    return Paged(book.listed(book.course(unquote(match[1]))))


@route("POST", "courses/([^/]+)/assignments")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    book = handler.state.gradebook
    return book.save(book.course(unquote(match[1])), handler.json()["assignment"])


@route("PUT", r"courses/([^/]+)/assignments/(\d+)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    book = handler.state.gradebook
    return book.save(book.course(unquote(match[1])), handler.json()["assignment"], match[2])


@route("DELETE", r"courses/([^/]+)/assignments/(\d+)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    book = handler.state.gradebook
    return book.delete(book.course(unquote(match[1])), match[2])


@route("GET", r"courses/([^/]+)/assignments/(\d+)/submissions")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    book = handler.state.gradebook
    course = book.course(unquote(match[1]))
    assignment = book.assignment(course, match[2])
    people = book.people(course, concluded=False)
    return Paged([book.with_user(course, book.submission(assignment, person)) for person in people])


@route("GET", r"courses/([^/]+)/assignments/(\d+)/submissions/([^/]+)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    course, assignment, person = _one(handler.state.gradebook, match)
    return handler.state.gradebook.with_user(course, handler.state.gradebook.submission(assignment, person))


@route("PUT", r"courses/([^/]+)/assignments/(\d+)/submissions/([^/]+)")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    _course, assignment, person = _one(handler.state.gradebook, match)
    given = handler.json()
    if not assignment["published"]:
        raise Answer(401, UNAUTHORIZED)
    return handler.state.gradebook.grade(assignment, person, given["submission"], given.get("comment", {}).get("text_comment"))


def _one(book: Gradebook, match: re.Match[str]) -> tuple[dict[str, Any], dict[str, Any], int]:
    course = book.course(unquote(match[1]))
    person = book.person(course, unquote(match[3]), concluded=True)
    if person is None:
        raise Answer(404, NOT_FOUND)
    return course, book.assignment(course, match[2]), person


@route("POST", "courses/([^/]+)/submissions/update_grades")
def _(handler: Handler, match: re.Match[str], query: Query) -> Any:
    book = handler.state.gradebook
    course = book.course(unquote(match[1]))
    data = handler.json()["grade_data"]
    if not all(book.assignment(course, ref)["published"] for ref in data):
        raise Answer(401, UNAUTHORIZED)
    message = book.bulk(course, data)
    number = next(handler.state.ids)
    done = {"id": number, "workflow_state": "failed" if message else "completed", "completion": 100, "message": message}
    handler.state.progress[number] = done
    return {**done, "workflow_state": "queued", "completion": 0}


if __name__ == "__main__":
    with CanvasServer() as served:
        served.state.import_seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
        sys.stdout.write(served.url + "\n")
        sys.stdout.flush()
        threading.Event().wait()
