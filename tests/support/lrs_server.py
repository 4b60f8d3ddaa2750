"""A strict learning record store over HTTP on 127.0.0.1, with faults on demand: the Statement resource of xAPI 1.0.3.

In a test: ``with LrsServer() as lrs: ...``; ``lrs.url`` holds key and secret. It is written without the connector, and refuses
what the standard says that a store refuses. As a process that outlives its caller: ``python lrs_server.py``; it prints its
address.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lrs_statements import Bad, check

KEY, SECRET = "migration", "lrs/stand-in@secret"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
LISTED = {"agent", "verb", "activity", "registration", "since", "until", "limit", "format", "attachments", "ascending"}


@dataclass
class State:
    """What the store holds, and how it behaves."""

    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id, in the order in which they were stored."""
    stored: dict[str, dt.datetime] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    most: int = 1000
    """Statements on one page."""
    most_bytes: int = 10_000_000
    swallows: str = ""
    """Statements whose thing ends so are taken and not kept."""
    bends: str = ""
    """Statements whose thing ends so are kept with other points."""
    identical: int = 200
    """Status for a statement that is there already in the same words: 200 or 409."""
    lag: float = 0.0
    """Seconds until what was stored shows."""
    clock: dt.timedelta = dt.timedelta()
    """How far the store's clock goes ahead."""
    tells: bool = True
    """Does it say up to when it is consistent?"""
    forgets: int = 0
    """How many of the next continuations it has forgotten."""
    multipart: bool = False
    elsewhere: bool = False
    """Continuations lead to another host."""
    versions: tuple[str, ...] = ("1.0.2", "1.0.3")
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path with query, and number of statements of each request."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """(what, method): what goes wrong with the next requests of the method."""
    more: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    stored_some: Callable[[int], None] = lambda number: None
    """Is told after each call how many statements there are, before the reply is sent."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.clock

    def fail(self, what: str, method: str, times: int = 1) -> None:
        """``drop``: the connection ends before anything is done; ``lose``: after it was done; else a status."""
        self.faults += [(what, method)] * times

    def store(self, statement: dict[str, Any]) -> None:
        """Put a statement there as the store itself does."""
        at = self.now()
        if self.stored:
            at = max(at, next(reversed(self.stored.values())) + dt.timedelta(milliseconds=1))
        id_ = str(statement.setdefault("id", str(uuid.uuid4()))).lower()
        text = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        self.statements[id_] = {
            "timestamp": text, "version": "1.0.0", **statement, "id": id_, "stored": text,
            "authority": {"objectType": "Agent", "account": {"homePage": "http://lrs.example.org", "name": KEY}},
        }  # fmt: skip
        self.stored[id_] = at
        thing = statement["object"]
        if statement["verb"]["id"] == VOIDED and thing.get("objectType") == "StatementRef":
            target = self.statements.get(thing["id"].lower())
            if target is None or target["verb"]["id"] != VOIDED:
                self.voided.add(thing["id"].lower())

    def shown(self) -> list[dict[str, Any]]:
        """Statements in force, without those that void others."""
        return [s for id_, s in self.statements.items() if id_ not in self.voided and s["verb"]["id"] != VOIDED]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: LrsHTTP

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        state, split = self.server.state, urlsplit(self.path)
        with state.lock:
            fault = next((one for one in state.faults if one[1] == method and split.path.startswith("/xapi/statements")), None)
            if fault is not None:
                state.faults.remove(fault)
            what = fault[0] if fault else ""
            if what == "drop":
                state.requests.append((method, self.path, 0))
                self._cut()
                return
            if what.isdecimal():
                state.requests.append((method, self.path, 0))
                extra = {"Retry-After": "0"} if what in ("429", "503") else {}
                self._send(int(what), "a fault on demand", extra)
                return
            status, answer, extra = self._answer(method, split.path, parse_qs(split.query), body)
            if method == "POST":
                state.stored_some(len(state.statements))
            if what == "lose":
                self._cut()
                return
            if state.multipart and method == "GET":
                extra = {**extra, "Content-Type": "multipart/mixed; boundary=x"}
            self._send(status, answer, extra)

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any, dict[str, str]]:
        state = self.server.state
        if self.headers.get("authorization") != "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode():
            return 401, "who are you?", {"WWW-Authenticate": "Basic"}
        if path == "/xapi/about":
            return 200, {"version": list(state.versions)}, {}
        if not self.headers.get("x-experience-api-version", "").startswith("1.0"):
            return 400, "X-Experience-API-Version", {}
        if method == "GET":
            status, answer = self._list(path, query)
            number = len(answer.get("statements", [answer])) if isinstance(answer, dict) else 0
        else:
            status, answer, number = self._post(body)
        state.requests.append((method, self.path, number))
        through = state.now() - dt.timedelta(seconds=state.lag)
        return status, answer, {"X-Experience-API-Consistent-Through": through.isoformat()} if state.tells else {}

    # Reading -----------------------------------------------------------------------------------------------------

    def _visible(self) -> list[str]:
        state = self.server.state
        until = state.now() - dt.timedelta(seconds=state.lag)
        return [id_ for id_, at in state.stored.items() if at <= until or not state.lag]

    def _list(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        state = self.server.state
        if path.startswith("/xapi/statements/more/"):
            known = state.more.get(path.rpartition("/")[2])
            if known is None or state.forgets:
                state.forgets = max(state.forgets - 1, 0)
                return 404, "this list is gone"
            query = known
        elif path != "/xapi/statements":
            return 404, "no such resource"
        single = [word for word in ("statementId", "voidedStatementId") if word in query]
        if single:
            if query.keys() - {single[0], "format", "attachments"}:
                return 400, "statementId goes with format and attachments only"
            id_ = query[single[0]][0].lower()
            there = id_ in self._visible() and (id_ in state.voided) == (single[0] == "voidedStatementId")
            return (200, state.statements[id_]) if there else (404, "no such statement")
        if unknown := query.keys() - LISTED - {"from"}:
            return 400, f"unknown parameter {min(unknown)}"
        found = [id_ for id_ in self._visible() if id_ not in state.voided]
        for word, keep in (("since", lambda a, b: a > b), ("until", lambda a, b: a <= b)):
            if word in query:
                bound = dt.datetime.fromisoformat(query[word][0])
                found = [id_ for id_ in found if keep(state.stored[id_], bound)]
        if "verb" in query:
            found = [id_ for id_ in found if state.statements[id_]["verb"]["id"] == query["verb"][0]]
        found = found if query.get("ascending") == ["true"] else found[::-1]
        start, limit = int(query.get("from", ["0"])[0]), int(query.get("limit", ["0"])[0])
        size = min(limit or state.most, state.most)
        answer: dict[str, Any] = {"statements": [state.statements[id_] for id_ in found[start : start + size]], "more": ""}
        if start + size < len(found) and limit != 1:
            token = uuid.uuid4().hex
            state.more[token] = {**query, "from": [str(start + size)]}
            answer["more"] = f"{'http://127.0.0.1:9' if state.elsewhere else ''}/xapi/statements/more/{token}"
        return 200, answer

    # Writing -----------------------------------------------------------------------------------------------------

    def _post(self, body: bytes) -> tuple[int, Any, int]:
        state = self.server.state
        if len(body) > state.most_bytes:
            return 413, f"more than {state.most_bytes} bytes", 0
        try:
            given = json.loads(body)
        except ValueError:
            return 400, "no JSON", 0
        several = given if isinstance(given, list) else [given]
        ids = [str(one.get("id", "")).lower() for one in several if isinstance(one, dict)]
        if len(set(ids)) != len(ids):
            return 400, "an id stands twice", len(several)
        try:
            for one in several:
                check(one)
        except Bad as bad:
            return 400, str(bad), len(several)
        known = [one for one in several if str(one.get("id", "")).lower() in state.statements]
        for one in known:
            if not self._same(one, state.statements[one["id"].lower()]):
                return 409, f"another statement has the id {one['id']}", len(several)
        if known and state.identical == 409:
            return 409, f"there is a statement with the id {known[0]['id']}", len(several)
        for one in several:
            if one not in known and not (state.swallows and one["object"]["id"].endswith(state.swallows)):
                state.store(self._bent(one))
        return 200, [one["id"] for one in several], len(several)

    def _bent(self, one: dict[str, Any]) -> dict[str, Any]:
        bends = self.server.state.bends
        if not bends or not one["object"]["id"].endswith(bends):
            return dict(one)
        return {**one, "result": {**one["result"], "score": {**one["result"]["score"], "raw": 0.5}}}

    @staticmethod
    def _same(one: dict[str, Any], held: dict[str, Any]) -> bool:
        """Whether this store, which keeps what it gets, has the statement as it comes."""
        return all(held.get(word) == value for word, value in one.items() if word != "id")

    def _send(self, status: int, answer: Any, extra: dict[str, str]) -> None:
        content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Date", self.server.state.now().strftime("%a, %d %b %Y %H:%M:%S GMT"))
        headers = {"Content-Type": "text/plain" if isinstance(answer, str) else "application/json", **extra}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()


class LrsHTTP(ThreadingHTTPServer):
    daemon_threads = True
    state: State

    def handle_error(self, *_: Any) -> None:
        """A connection that was cut is no fault of the stand-in."""


class LrsServer:
    """The store, listening."""

    def __init__(self) -> None:
        self._http = LrsHTTP(("127.0.0.1", 0), Handler)
        self.state = self._http.state = State()
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Its address, with key and secret."""
        return f"http://{KEY}:lrs%2Fstand-in%40secret@127.0.0.1:{self._http.server_port}/xapi"

    def __enter__(self) -> LrsServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


if __name__ == "__main__":
    with LrsServer() as server:
        print(server.url, flush=True)
        sys.stdin.read() if not sys.stdin.isatty() else time.sleep(3600)
