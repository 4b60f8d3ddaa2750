"""The web service: one token for one address, retries, throttling, pages, downloads."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential, wait_random

from migrate.connectors.canvas_sis.words import CanvasConnection, CanvasOptions
from migrate.errors import TargetLost, TargetRefused

HOPS = 5
"""Redirects that a download follows."""
PER_PAGE = 100
Params = Mapping[str, Any] | list[tuple[str, Any]]


class Refused(Exception):
    """The target answered that it will not do this. ``status`` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Unsure(Exception):
    """The reply was lost, or a gateway answered in the target's place: the effect may or may not have happened."""


class Faulty(Exception):
    """The target answered with a fault of its own (500)."""


class _Passing(Exception):
    """Nothing was done, and the same call may succeed later."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class Service:
    """Calls below ``url``. The token goes nowhere else: neither to another host, nor into a message."""

    def __init__(self, url: str, token: SecretStr, words: CanvasConnection, options: CanvasOptions) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            hint = "write target: {url: https://...} into migration.yaml, and the token as target: {token: ${NAME}}"
            raise TargetRefused("the address of Canvas is not a web address", hint=hint)
        self.address = f"{parts.scheme}://{parts.netloc}"
        self._origin = _origin(self.address)
        self._base = self.address + words.api.rstrip("/") + "/"
        self._words, self._token = words, token
        self._patience, self._first = options.retry_seconds, options.poll_ms / 1000
        self._client = httpx.Client(verify=_tls(), timeout=httpx.Timeout(60, read=300), follow_redirects=False)
        self.account = str(options.account if options.account is not None else words.account)

    def __repr__(self) -> str:
        return f"Service({self.address!r})"

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def path(self, template: str, **values: object) -> str:
        """A path with its places filled in, each value encoded; dots too, which would begin the name of a format."""
        given = {"account": self.account, **values}
        filled = {name: quote(str(value), safe=":").replace(".", "%2E") for name, value in given.items()}
        return template.format_map(filled)

    def get(self, path: str, params: Params | None = None) -> Any:
        """The answer's JSON. Raises Refused, and TargetLost once the retries are used up."""
        return self._read(urljoin(self._base, path), params, lambda response: response.json())

    def pages(self, path: str, params: Params | None = None, key: str | None = None) -> Iterator[dict[str, Any]]:
        """The items of a paged list, of all pages; ``key`` is the name under which the items stand."""
        listed = list(params.items()) if isinstance(params, Mapping) else list(params or [])
        url: str | None = urljoin(self._base, path)
        asked: Params | None = [*listed, ("per_page", PER_PAGE)]
        seen: set[str] = set()
        while url is not None:
            if url in seen or _origin(url) != self._origin:
                raise TargetLost("a list of Canvas goes on at another host, or in a circle", hint="check target: {url: ...}")
            seen.add(url)
            body, url = self._read(url, asked, lambda response: (response.json(), response.links.get("next", {}).get("url")))
            asked = None  # the link holds everything
            yield from body[key] if key else body

    def send(self, method: str, path: str, **body: Any) -> Any:
        """A call that changes something; gives the answer's JSON. Repeated only where nothing can have happened.

        Raises Refused, Faulty (500), Unsure (the reply was lost), TargetLost (throttled or away for too long).
        """

        def attempt() -> Any:
            response = self._exchange(method, urljoin(self._base, path), reading=False, **body)
            if response.is_success:
                return response.json() if response.content else None
            if response.status_code == 500:
                raise Faulty(f"Canvas answered with a fault ({response.status_code})")
            if response.status_code > 500:
                raise Unsure(f"a gateway answered ({response.status_code})")
            raise Refused(response.status_code, _said(response))

        return self._patient(attempt)

    def download(self, url: str, file: Path) -> None:
        """Write what ``url`` holds to ``file``, following redirects; only our own host sees the token."""

        def attempt() -> None:
            at = url
            for _ in range(HOPS):
                headers = self._headers() if _origin(at) == self._origin else {}
                try:
                    with self._client.stream("GET", at, headers=headers) as response:
                        if response.is_redirect:
                            at = urljoin(at, response.headers["location"])
                            if urlsplit(at).scheme not in ("http", "https"):
                                raise TargetLost("a download leads to an address that is not of the web")
                            continue
                        if not response.is_success:
                            response.read()
                            self._passing(response, reading=True)
                            raise TargetLost(f"a report cannot be downloaded ({response.status_code})")
                        with file.open("wb") as out:
                            for chunk in response.iter_bytes():
                                out.write(chunk)
                        return
                except httpx.TransportError as error:
                    raise _Passing(f"the download broke off ({type(error).__name__})") from None
            raise TargetLost("a download is redirected again and again")

        self._patient(attempt)

    # One exchange -------------------------------------------------------------------------------------------------

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.get_secret_value()}", "Accept": "application/json"}

    def _read(self, url: str, params: Params | None, take: Callable[[httpx.Response], Any]) -> Any:
        def attempt() -> Any:
            query = {"params": httpx.QueryParams(_pairs(params))} if params else {}
            response = self._exchange("GET", url, reading=True, **query)
            if not response.is_success:
                raise Refused(response.status_code, _said(response))
            try:
                return take(response)
            except ValueError:
                raise _Passing("the answer is no JSON") from None

        return self._patient(attempt)

    def _exchange(self, method: str, url: str, *, reading: bool, **body: Any) -> httpx.Response:
        for part in (body.get("files") or {}).values():
            part[1].seek(0)
        try:
            response = self._client.request(method, url, headers=self._headers(), **body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _Passing(f"Canvas cannot be reached ({type(error).__name__})") from None
        except httpx.TransportError as error:
            if reading:
                raise _Passing(f"the answer broke off ({type(error).__name__})") from None
            raise Unsure(f"the reply was lost ({type(error).__name__})") from None
        self._passing(response, reading)
        if response.status_code == 401 and "www-authenticate" in response.headers:
            raise TargetRefused(
                "Canvas does not accept the token", hint="make a new token and set the variable of target: {token: ...}"
            )
        self._spare(response)
        return response

    def _passing(self, response: httpx.Response, reading: bool) -> None:
        """Raise _Passing where the call had no effect and may succeed later."""
        status = response.status_code
        slow = status == 429 or (status == 403 and self._words.throttle.says.lower() in response.text.lower())
        if slow:
            raise _Passing("Canvas asks to wait", _seconds(response.headers.get("retry-after")))
        if reading and status >= 500:
            raise _Passing(f"Canvas answered with a fault ({status})")

    def _spare(self, response: httpx.Response) -> None:
        """Pause before the allowance is used up, as long as it takes to refill."""
        left = _seconds(response.headers.get("x-rate-limit-remaining"), default=float("inf"))
        throttle = self._words.throttle
        if left < throttle.pause_below:
            time.sleep(min((throttle.pause_below - left) / throttle.refill, self._patience))

    def _patient(self, attempt: Callable[[], Any]) -> Any:
        backoff = wait_exponential(multiplier=self._first / 2, max=30) + wait_random(0, self._first / 2)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return max(backoff(state), error.after if isinstance(error, _Passing) else 0.0)

        retrying = Retrying(
            retry=retry_if_exception_type(_Passing), wait=wait, stop=stop_after_delay(self._patience), reraise=True
        )
        try:
            return retrying(attempt)
        except _Passing as error:
            hint = "run again when Canvas answers; what was written stays written"
            raise TargetLost(f"{error}, for {self._patience} seconds", hint=hint) from None


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes a while: once in a process."""
    return httpx.create_ssl_context()


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _pairs(params: Params) -> list[tuple[str, str | int | float | bool | None]]:
    given = params.items() if isinstance(params, Mapping) else params
    return [(name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in given]


def _seconds(text: str | None, default: float = 0.0) -> float:
    try:
        return float(text) if text is not None else default
    except ValueError:
        return default


def _said(response: httpx.Response) -> str:
    """The target's own words in an answer that refuses: the messages of its JSON, or the start of its text."""
    try:
        found = list(_messages(response.json()))
    except ValueError:
        text = "" if "html" in response.headers.get("content-type", "") else re.sub(r"\s+", " ", response.text).strip()
        found = [text[:300]] if text else []
    return "; ".join(dict.fromkeys(found)) or f"HTTP status {response.status_code}"


def _messages(body: Any, key: str = "") -> Iterator[str]:
    if isinstance(body, str):
        if key in ("message", "error", "errors", ""):
            yield body
    elif isinstance(body, list):
        for item in body:
            yield from _messages(item, key)
    elif isinstance(body, dict):
        for name, item in body.items():
            yield from _messages(item, name)
