"""HTTP to a Moodle: one pool of connections, patience with a site that is away, and a token that shows nowhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from migrate.connectors.moodle_service.calls import Answer, Lost, Pairs, Refused, TooMany, pairs, understand
from migrate.connectors.moodle_service.options import Options
from migrate.connectors.moodle_service.words import Connection
from migrate.errors import TargetLost, TargetRefused

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_RENEW = "look at the token and its service: Site administration > Server > Web services > Manage tokens"


class Patience:
    """How long a site that is away is still waited for. It is full again once the site has answered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = self._left = seconds
        self._lock = threading.Lock()

    def take(self, seconds: float) -> bool:
        with self._lock:
            self._left -= seconds
            return self._left >= 0

    def restore(self) -> None:
        with self._lock:
            self._left = self._seconds

    def left(self) -> float:
        with self._lock:
            return self._left


class Client:
    """Calls functions of one site. May be used from several threads."""

    def __init__(self, url: str, token: SecretStr, connection: Connection, options: Options) -> None:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TargetRefused("the address of the target is no web address", hint="give it as https://moodle.example.org")
        try:
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise TargetRefused("the address of the target has no valid port", hint="give a port from 1 to 65535") from None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.address = f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"
        """Without a user, a password or a query."""
        self.max_vars = options.max_input_vars or connection.max_input_vars
        self.max_bytes = options.max_post_bytes or connection.max_post_bytes
        self._endpoint = f"{self.address}/{connection.path}"
        self._token, self._connection, self._options = token, connection, options
        self.patience = Patience(options.wait)
        limits = httpx.Limits(max_connections=options.parallel + 2, max_keepalive_connections=options.parallel + 2)
        timeout = httpx.Timeout(options.timeout, connect=options.connect_timeout)
        self._http = httpx.Client(limits=limits, timeout=timeout, follow_redirects=False, trust_env=False)

    def __repr__(self) -> str:
        return f"Client({self.address!r})"

    def close(self) -> None:
        self._http.close()

    def read(self, function: str, arguments: dict[str, Any]) -> Answer:
        """Ask, as often as it takes. Raises Refused, or TargetLost where the site stays away."""
        try:
            return self.patiently(lambda: self.once(function, arguments), lambda error: True)
        except Lost as lost:
            raise self.gone(lost) from None

    def patiently(self, attempt: Callable[[], Answer], again: Callable[[Lost], bool]) -> Answer:
        """Repeat ``attempt`` while ``again`` allows it and patience lasts. Raises what the last attempt raised."""
        pause = wait_random_exponential(multiplier=self._options.first_pause, max=self._options.longest_pause)
        patience = self.patience

        def spent(state: RetryCallState) -> bool:
            """All patience is used up: what is left of the site's, or what one call may take when only others are answered."""
            return patience.left() <= 0 or (state.seconds_since_start or 0) > self._options.wait

        def sleep(seconds: float) -> None:
            allowed = max(0.0, min(seconds, patience.left()))
            patience.take(max(seconds, 0.001))
            time.sleep(allowed)

        retrying = Retrying(
            wait=pause, stop=spent, sleep=sleep, reraise=True,
            retry=retry_if_exception(lambda error: isinstance(error, Lost) and again(error)),
        )  # fmt: skip
        return retrying(attempt)

    def once(self, function: str, arguments: dict[str, Any] | Pairs) -> Answer:
        """One attempt. Raises Refused, TooMany, Lost; TargetLost where the token does not count any more."""
        sent = self.form(function, arguments)
        content = "&".join(f"{quote_plus(name, safe='[]')}={quote_plus(value)}" for name, value in sent).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        began = time.monotonic()
        try:
            reply = self._http.post(self._endpoint, content=content, headers=headers)
        except _UNSENT as error:
            raise self._lost(Lost(f"no connection ({type(error).__name__})", happened=False), began) from None
        except httpx.TimeoutException as error:
            raise self._lost(Lost(f"no answer in time ({type(error).__name__})", happened=True, busy=True), began) from None
        except httpx.HTTPError as error:
            raise self._lost(Lost(f"the answer broke off ({type(error).__name__})", happened=True), began) from None
        try:
            answer = self._judge(function, reply)
        except Lost as lost:
            raise self._lost(lost, began) from None
        except Refused as refused:
            meant = self._sorted(refused, len(sent))
            if isinstance(meant, Lost):
                raise self._lost(meant, began) from None
            self.patience.restore()
            raise meant from None
        self.patience.restore()
        return answer

    def form(self, function: str, arguments: dict[str, Any] | Pairs) -> Pairs:
        """What is sent. The token comes last: PHP drops what is over its limit of parameters, and so refuses such a call as a
        whole, where it would otherwise carry out a part of it."""
        given = arguments if isinstance(arguments, list) else pairs("", arguments)
        settings = [(name, str(value)) for name, value in self._connection.settings.items()]
        last = [("wsfunction", function), ("wstoken", self._token.get_secret_value())]
        return [*settings, *given, *last]

    def _judge(self, function: str, reply: httpx.Response) -> Answer:
        status = reply.status_code
        if status == 429:
            raise Lost("the site asks for fewer calls (HTTP 429)", happened=False)
        if status == 503:
            raise Lost("the site is not available (HTTP 503)", happened=True)
        if status >= 500:
            raise Lost(f"the site failed (HTTP {status})", happened=True, busy=status == 504)
        if 300 <= status < 400:
            where = urlsplit(reply.headers.get("location", ""))
            at = f"{where.scheme}://{where.netloc}" if where.netloc else "another place"
            raise TargetRefused(f"{self.address} sends calls on to {at}", hint="give that address as the target's url")
        if status == 403:
            hint = "switch on web services and the REST protocol: Site administration > Server > Web services > Overview"
            raise TargetRefused(f"{self.address} does not allow web services (HTTP 403)", hint=hint)
        if status == 413:
            raise TooMany
        if status != 200:
            hint = "give the address at which the site's front page opens"
            raise TargetRefused(f"{self.address} has no Moodle web services (HTTP {status})", hint=hint)
        try:
            return understand(reply.content)
        except Refused as refused:
            token = self._token.get_secret_value()
            raise Refused(refused.code.replace(token, "***"), refused.message.replace(token, "***")) from None

    def _sorted(self, refused: Refused, count: int) -> Exception:
        """What a refusal means: the site is closed for now, the token does not count, or just the record is wrong."""
        errors = self._connection.errors
        if refused.code in errors.wait:
            return Lost(f"the site is closed for now ({refused.message})", happened=False)
        if refused.code in errors.stop:
            if count > 40 and self.answers():
                return TooMany()
            return TargetRefused(f"{self.address} refuses the call: {refused.message} ({refused.code})", hint=_RENEW)
        return refused

    def answers(self) -> bool:
        """Does the site answer a small call?"""
        try:
            self.once(self._connection.about, {})
        except (Refused, Lost, TargetRefused):
            return False
        return True

    def _lost(self, lost: Lost, began: float) -> Lost:
        self.patience.take(time.monotonic() - began)
        return lost

    def gone(self, lost: Lost) -> TargetLost:
        """The error for a site that stayed away."""
        waited = f"{self._options.wait:g} seconds"
        return TargetLost(
            f"{self.address} does not answer: {lost.reason}; it was waited for {waited}",
            hint="run again once the site is up: what was written is found, and only what is missing is written",
        )
