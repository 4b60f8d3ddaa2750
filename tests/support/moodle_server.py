"""A stand-in Moodle for tests: its REST web services on 127.0.0.1, in memory, with faults on demand.

In a test: ``with MoodleServer() as server: ... server.url, server.token, server.site``. As a process of its own, which keeps its
state while its clients die: ``python tests/support/moodle_server.py [--port N] [--faults JSON]``; it prints one line of JSON with
``url`` and ``token``. ``GET /state`` gives all records without ids, ``GET /log`` the functions called,
``POST /faults`` sets faults, ``POST /restore`` does what Moodle's restore does with ``{course, people, rows}`` of a backup,
``POST /rename_item`` gives a grade item another name, ``POST /grade`` gives a person a grade, ``POST /upload`` takes the CSV
files of upload pages, each as ``{way, options, text}``, and answers what it says of them.

A fault is ``{"kind": KIND, "function": TEXT, "at": [1, 3], "rate": 0.1, "times": 2, "seconds": 1}``: it strikes calls whose
function holds TEXT, at these numbers of such calls or by chance (with the server's seed), so many times in all.

KIND       what the client sees                                    effect
drop       the connection closes without an answer                 yes
lost       the connection is reset without an answer               no
error      HTTP 500                                                yes
gateway    HTTP 504                                                yes
refused    HTTP 503                                                no
later      HTTP 429                                                no
half       an answer that breaks off within its length             yes
cut        a whole answer whose JSON breaks off                    yes
html       a PHP error in place of JSON                            yes
notice     a PHP notice before the JSON                            yes
slow       an answer after ``seconds``                             yes, after them
closed     Moodle's maintenance mode                               no
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

import moodle_courses  # noqa: F401 - registers its functions
import moodle_history
import moodle_upload
from moodle_functions import FUNCTIONS, call
from moodle_php import MoodleError, form
from moodle_site import Site

TOGETHER = "tool_mobile_call_external_functions"
TOKEN = "0123456789abcdef" * 2
ENDPOINT = "/webservice/rest/server.php"
RELEASE = "4.5.5+ (Build: 20250613)"
KINDS = ("drop", "lost", "error", "gateway", "refused", "later", "half", "cut", "html", "notice", "slow", "closed")
_BEFORE = {"refused": 503, "later": 429}
_AFTER = {"error": 500, "gateway": 504}


@dataclass
class Fault:
    kind: str
    function: str = ""
    at: tuple[int, ...] = ()
    rate: float = 0.0
    times: int = 1_000_000
    seconds: float = 0.0
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")
        self.at = tuple(self.at)

    def strikes(self, functions: Sequence[str], chance: random.Random) -> bool:
        if not any(self.function in one for one in functions) or self.times <= 0:
            return False
        self.seen += 1
        hit = self.seen in self.at or (self.rate > 0 and chance.random() < self.rate)
        self.times -= hit
        return hit


class MoodleServer:
    """A server with its site. Its methods may be used while it serves."""

    def __init__(
        self, *, port: int = 0, seed: int = 1, max_input_vars: int = 5000, functions: tuple[str, ...] | None = None
    ) -> None:
        self.site = Site()
        self.token = TOKEN
        self.max_input_vars = max_input_vars
        self.functions = functions if functions is not None else (*FUNCTIONS, TOGETHER, "core_webservice_get_site_info")
        self.rest = True
        self.debug = False
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.asked: list[str] = []
        """Functions that were asked together with others, in one call."""
        self.connections: set[socket.socket] = set()
        self.lock = threading.RLock()
        self._chance = random.Random(seed)
        self._http: ThreadingHTTPServer | None = None
        self._port = port
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def up(self) -> None:
        """Listen (again, on the same port)."""
        server = self

        class Bound(_Handler):
            moodle = server

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients that die are what this server is for."""

        self._http = Quiet(("127.0.0.1", self._port), Bound)
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None
            for connection in list(self.connections):  # those that clients keep open
                hang_up(connection)

    def __enter__(self) -> MoodleServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def fault(self, kind: str, function: str = "", **words: Any) -> Fault:
        """One more fault."""
        made = Fault(kind, function, **words)
        with self.lock:
            self.faults.append(made)
        return made

    def struck(self, functions: Sequence[str]) -> Fault | None:
        """A call, and what is asked in it."""
        with self.lock:
            self.calls.append(functions[0])
            self.asked += functions[1:]
            return next((fault for fault in self.faults if fault.strikes(functions, self._chance)), None)

    def answer(self, body: bytes) -> Any:
        """The result of a call. Raises MoodleError."""
        given = form(body, self.max_input_vars)
        token, function = given.pop("wstoken", None), str(given.pop("wsfunction", ""))
        for name in ("moodlewsrestformat", "moodlewssettingraw", "moodlewssettingfilter"):
            given.pop(name, None)
        if token != self.token:
            raise MoodleError("invalidtoken", "Invalid token - token not found")
        if function not in self.functions:
            raise MoodleError("accessexception", "Access control exception", kind="webservice_access_exception")
        if function == "core_webservice_get_site_info":
            listed = [{"name": name, "version": "2024100705.01"} for name in self.functions]
            return {"sitename": "Stand-in", "username": "admin", "userid": 2, "release": RELEASE, "functions": listed}
        with self.lock:
            return self._together(given) if function == TOGETHER else call(self.site, function, given)

    def _together(self, given: dict[str, Any]) -> Any:
        """Answers to several questions, until one is refused. Nothing says that their parameters are right."""
        answers: list[dict[str, Any]] = []
        for request in given.get("requests", {}).values():
            try:
                if request["function"] not in self.functions:
                    raise MoodleError("accessexception", "Access control exception")
                data = call(self.site, request["function"], _as_form(json.loads(request["arguments"])))
            except MoodleError as error:
                told = {"errorcode": error.code, "message": error.message}
                return {"responses": [*answers, {"error": True, "exception": json.dumps(told)}]}
            answers.append({"error": False, "data": json.dumps(data)})
        return {"responses": answers}


def _as_form(value: Any) -> Any:
    """JSON as PHP reads it: lists are mappings."""
    if isinstance(value, list):
        value = {str(number): one for number, one in enumerate(value)}
    return {name: _as_form(one) for name, one in value.items()} if isinstance(value, dict) else value


class _Handler(BaseHTTPRequestHandler):
    moodle: MoodleServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.moodle.connections.add(self.connection)

    def finish(self) -> None:
        self.moodle.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        with self.moodle.lock:
            site = self.moodle.site
            pages: dict[str, Any] = {"/state": lambda: {**site.state(), **moodle_history.history(site)}}
            pages["/log"] = lambda: self.moodle.calls
            page = pages.get(self.path)
            self._send(404 if page is None else 200, json.dumps(page() if page else "no such page").encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/faults":
            with self.moodle.lock:
                self.moodle.faults = [Fault(**one) for one in json.loads(body)]
            self._send(200, b"null")
        elif self.path == "/restore":
            self._restore(json.loads(body))
        elif self.path == "/upload":
            with self.moodle.lock:
                said = [text for one in json.loads(body) for text in moodle_upload.give(self.moodle.site, **one)]
            self._send(200, json.dumps(said).encode())
        elif self.path == "/rename_item":
            with self.moodle.lock:
                moodle_history.rename(self.moodle.site, **json.loads(body))
            self._send(200, b"null")
        elif self.path == "/grade":
            with self.moodle.lock:
                moodle_history.give(self.moodle.site, **json.loads(body))
            self._send(200, b"null")
        elif self.path != ENDPOINT:
            self._send(404, b"<html>Not found</html>", "text/html")
        elif not self.moodle.rest:
            self._send(403, b"")
        else:
            self._call(body)

    def _restore(self, given: dict[str, Any]) -> None:
        try:
            with self.moodle.lock:
                moodle_history.restore(self.moodle.site, given["course"], given["people"], given["rows"])
        except MoodleError as error:
            self._send(400, json.dumps(error.message).encode())
        else:
            self._send(200, b"null")

    def _call(self, body: bytes) -> None:
        given = form(body, 1_000_000)
        inner = [str(one.get("function")) for one in given.get("requests", {}).values()]
        fault = self.moodle.struck([str(given.get("wsfunction", "")), *inner])
        kind = fault.kind if fault else ""
        if kind == "lost":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._hang_up()
            return
        if kind in _BEFORE:
            self._send(_BEFORE[kind], b"<html>later</html>", "text/html")
            return
        if fault and kind == "slow":
            time.sleep(fault.seconds)
        try:
            if kind == "closed":
                raise MoodleError("sitemaintenance", "The site is undergoing maintenance")
            answer = json.dumps(self.moodle.answer(body)).encode()
        except MoodleError as error:
            told = {"exception": error.kind, "errorcode": error.code, "message": error.message}
            answer = json.dumps({**told, "debuginfo": error.detail} if self.moodle.debug and error.detail else told).encode()
        self._answer(kind, answer)

    def _answer(self, kind: str, answer: bytes) -> None:
        if kind == "drop":
            self._hang_up()
        elif kind in _AFTER:
            self._send(_AFTER[kind], b"<html>Fatal error</html>", "text/html")
        elif kind == "half":
            self._send(200, answer, length=len(answer) + 50)
            self._hang_up()
        elif kind == "cut":
            self._send(200, answer[: max(1, len(answer) // 2)])
        elif kind == "html":
            self._send(200, b"<br />\n<b>Fatal error</b>: Allowed memory size exhausted [x] in {y} on line 1<br />")
        elif kind == "notice":
            self._send(200, b"<br />\n<b>Notice</b>: Undefined index: a[0] in lib.php on line <b>9</b><br />\n" + answer)
        else:
            self._send(200, answer)

    def _send(self, status: int, body: bytes, kind: str = "application/json", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        hang_up(self.connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in Moodle for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-input-vars", type=int, default=5000)
    parser.add_argument("--faults", default="[]", help="JSON")
    given = parser.parse_args()
    server = MoodleServer(port=given.port, seed=given.seed, max_input_vars=given.max_input_vars)
    server.faults = [Fault(**one) for one in json.loads(given.faults)]
    sys.stdout.write(json.dumps({"url": server.url, "token": server.token}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
