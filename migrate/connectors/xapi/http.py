"""One learning record store: calls with credentials for one address, retries, and lists that go on.

A call that writes is as safe to repeat as one that reads: each statement brings its id, and a store never changes one it has.
"""

from __future__ import annotations

import datetime as dt
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential, wait_random

from migrate.connectors.json_shape import strict_loads
from migrate.connectors.xapi.words import XapiConnection
from migrate.errors import ConfigurationError, RunFailed

LARGEST = 256 * 1024 * 1024
"""Bytes of an answer; a store that sends more is not read on."""
FAULTS = 3
"""How often a call is tried that the store answers with a fault of its own (500): a bad statement may be why."""


class Refused(Exception):
    """The store answered that it will not do this. ``status`` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Unsure(Exception):
    """The reply was lost, again and again: the effect may or may not have happened."""


class Expired(Exception):
    """A list cannot be followed any further."""


class _Passing(Exception):
    """The same call may succeed later. ``lost``: it may also have succeeded already."""

    def __init__(self, message: str, after: float = 0.0, *, lost: bool = False) -> None:
        super().__init__(message)
        self.after, self.lost = after, lost


class Lrs:
    """Calls below ``url``. The credentials go nowhere else: neither to another host, nor into a message."""

    def __init__(
        self, url: str, words: XapiConnection, patience: float, first: float, refused: type[ConfigurationError],
        lost: type[RunFailed],
    ) -> None:  # fmt: skip
        """``patience`` and ``first`` are seconds: how long a call is repeated, and the first pause. ``refused`` and ``lost`` are
        what is raised where the store lets nobody in, and where it stops answering."""
        parts = urlsplit(url)
        self._refused, self._lost = refused, lost
        if parts.scheme not in ("http", "https") or not parts.hostname or not parts.username or parts.password is None:
            hint = (
                "write url: https://KEY:${LRS_SECRET}@lrs.example.org/xapi into migration.yaml, with key and secret of the store"
            )
            raise refused("the address of the learning record store is no web address with key and secret", hint=hint)
        host = parts.netloc.rpartition("@")[2]
        self.address = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
        self._origin, self._base = _origin(self.address), f"{self.address}/"
        self._words, self._patience, self._first = words, patience, first
        self._client = httpx.Client(
            verify=_tls(), timeout=httpx.Timeout(30, read=120), follow_redirects=False,
            auth=httpx.BasicAuth(unquote(parts.username), unquote(parts.password)),
            headers={"X-Experience-API-Version": words.version, "Accept": "application/json"},
        )  # fmt: skip
        self.consistent: dt.datetime | None = None
        """Up to when, by the clock of the store, all that was stored can be read; None where it does not say."""
        self.clock: dt.datetime | None = None
        """The time of the store when it answered last, cut to seconds."""

    def __repr__(self) -> str:
        return f"Lrs({self.address!r})"

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    # Reading -----------------------------------------------------------------------------------------------------

    def about(self) -> tuple[str, ...]:
        """Versions that the store speaks; none where it does not tell."""
        try:
            told = self._read(urljoin(self._base, self._words.about))
        except Refused:
            return ()
        versions = told.get("version") if isinstance(told, dict) else None
        return tuple(str(version) for version in versions) if isinstance(versions, list) else ()

    def statement(self, id_: str) -> dict[str, Any] | None:
        """One statement that is not voided; None where the store has none of this id."""
        try:
            found = self._read(urljoin(self._base, self._words.statements), {"statementId": id_, "format": "exact"})
        except Refused as error:
            if error.status == 404:
                return None
            raise
        # Some stores answer with a list where the standard wants the statement itself.
        listed = found.get("statements") if isinstance(found, dict) else None
        several = listed if isinstance(listed, list) else [found]
        return next((one for one in several if isinstance(one, dict) and str(one.get("id")).lower() == id_.lower()), None)

    def pages(self, **asked: str) -> Iterator[list[dict[str, Any]]]:
        """The statements of a list, page by page. Raises Expired where the store has forgotten the rest."""
        params: Mapping[str, str] | None = {
            **asked, "limit": asked.get("limit", str(self._words.page)), "format": "exact", "attachments": "false",
        }  # fmt: skip
        url, seen = urljoin(self._base, self._words.statements), set[str]()
        while True:
            seen.add(url)
            try:
                body = self._read(url, params)
            except Refused as error:
                if params is None and error.status in (400, 404, 410):
                    raise Expired(error.message) from None
                raise
            statements = body.get("statements") if isinstance(body, dict) else None
            if not isinstance(statements, list) or not all(isinstance(one, dict) for one in statements):
                raise self._lost(f"{self.address} answers with something that is no list of statements")
            yield statements
            more = body.get("more")
            if not more:
                return
            url, params = urljoin(url, str(more)), None
            if _origin(url) != self._origin or url in seen:
                raise self._lost("a list of statements goes on at another host, or in a circle", hint="check the address")

    # Writing -----------------------------------------------------------------------------------------------------

    def post(self, body: bytes) -> None:
        """Have statements stored, all or none. Raises Refused (409: another statement has an id), and Unsure."""
        faults = 0

        def attempt() -> None:
            nonlocal faults
            url, headers = urljoin(self._base, self._words.statements), {"Content-Type": "application/json"}
            status, _, said = self._exchange("POST", url, content=body, headers=headers)
            if 200 <= status < 300:
                return
            if status >= 500:
                faults += 1
                if status != 500 or faults < FAULTS:
                    raise _Passing(f"the store answered with a fault ({status})", lost=True)
            raise Refused(status, said)

        self._patient(attempt, writing=True)

    # One exchange -------------------------------------------------------------------------------------------------

    def _read(self, url: str, params: Mapping[str, str] | None = None) -> Any:
        def attempt() -> Any:
            status, content, said = self._exchange("GET", url, params=params)
            if status >= 500:
                raise _Passing(f"the store answered with a fault ({status})")
            if not 200 <= status < 300:
                raise Refused(status, said)
            try:
                return strict_loads(content)
            except ValueError as error:
                raise _Passing(f"the answer is no JSON ({error})") from None

        return self._patient(attempt, writing=False)

    def _exchange(self, method: str, url: str, **given: Any) -> tuple[int, bytes, str]:
        """Status, content, and what a refusal says."""
        try:
            with self._client.stream(method, url, **given) as response:
                self._note(response)
                self._refuse_multipart(response)
                content = self._limited(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _Passing(f"the store cannot be reached ({type(error).__name__})") from None
        except httpx.TransportError as error:
            raise _Passing(f"the reply was lost ({type(error).__name__})", lost=True) from None
        status = response.status_code
        if status == 429 or (status == 503 and "retry-after" in response.headers):
            raise _Passing("the store asks to wait", _seconds(response.headers.get("retry-after")))
        if status in (401, 403):
            hint = "check key and secret in the address, and what they may do: statements/write and statements/read"
            raise self._refused(f"{self.address} does not let these credentials do that ({status})", hint=hint)
        return status, content, _said(response, content)

    def _note(self, response: httpx.Response) -> None:
        self.consistent = instant(response.headers.get("x-experience-api-consistent-through")) or self.consistent
        try:
            told = dt.datetime.strptime(response.headers.get("date", ""), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)
        except ValueError:
            return
        self.clock = told

    def _refuse_multipart(self, response: httpx.Response) -> None:
        if response.headers.get("content-type", "").lower().startswith("multipart/"):
            hint = "statements are asked for without attachments; have signatures and attachments exported by the store itself"
            raise self._lost(f"{self.address} sends attachments, which are not read", hint=hint)

    def _limited(self, response: httpx.Response) -> bytes:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LARGEST:
                raise self._lost(f"{self.address} sends more than {LARGEST} bytes in one answer")
        return bytes(content)

    def _patient(self, attempt: Callable[[], Any], *, writing: bool) -> Any:
        backoff = wait_exponential(multiplier=self._first / 2, max=30) + wait_random(0, self._first / 2)
        may_have_happened = False

        def wait(state: RetryCallState) -> float:
            nonlocal may_have_happened
            error = state.outcome.exception() if state.outcome else None
            may_have_happened |= isinstance(error, _Passing) and error.lost
            return max(backoff(state), error.after if isinstance(error, _Passing) else 0.0)

        retrying = Retrying(
            retry=retry_if_exception_type(_Passing), wait=wait, stop=stop_after_delay(self._patience), reraise=True
        )
        try:
            return retrying(attempt)
        except _Passing as error:
            if writing and (may_have_happened or error.lost):
                raise Unsure(str(error)) from None
            hint = "run again when it answers; what was written stays written"
            raise self._lost(f"{error}, for {self._patience:g} seconds", hint=hint) from None

    def wait(self, pause: float) -> None:
        """Pause between two looks."""
        time.sleep(pause)


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes a while: once in a process."""
    return httpx.create_ssl_context()


def instant(text: object) -> dt.datetime | None:
    """An ISO 8601 instant; None for anything else."""
    try:
        found = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _seconds(text: str | None) -> float:
    try:
        return max(float(text or 0), 0.0)
    except ValueError:
        return 0.0


def _said(response: httpx.Response, content: bytes) -> str:
    """The store's own words in an answer that refuses, in a line."""
    if response.is_success:
        return ""
    text = "" if "html" in response.headers.get("content-type", "") else content.decode("utf-8", "replace")
    return re.sub(r"\s+", " ", text).strip()[:300] or f"HTTP status {response.status_code}"
