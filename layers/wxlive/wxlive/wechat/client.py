"""The WeChat client: one session, bounded time-outs, one refresh and one retry for a dead token.

Which failures surely did not reach WeChat (``NotReached``) and which may have (``OutcomeUnknown``)
decides whether a push may be repeated, so the line between them is drawn here and nowhere else.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from wxlive.domain.chunks import CALL_DELAY_S
from wxlive.errors import NotReached, OutcomeUnknown, RetryLater, TokenRefused, WxliveError
from wxlive.settings import Secrets
from wxlive.wechat.access_token import AccessToken, AccessTokens, TokenCache
from wxlive.wechat.answers import (
    ApiQuota,
    FollowerPage,
    RoomPage,
    read_addresses,
    read_answer,
    read_followers,
    read_message_id,
    read_quota,
    read_rooms,
    read_token,
)
from wxlive.wechat.apis import Api
from wxlive.wechat.errcodes import NO_ROOMS
from wxlive.wechat.transport import NothingSent, WechatSession, kind_of

CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 15
IDLE_LIMIT_S = 30
"""A connection idle for longer may have been dropped on the way without a word; a push written
into it would be lost without anybody knowing. So it is opened anew. Longer than a sender waits
for its slot."""


class WechatClient:
    """Calls WeChat for one Mini Program. Not for use by several threads at once."""

    def __init__(
        self,
        base: str,
        secrets: Secrets,
        cache: TokenCache,
        *,
        now: Callable[[], float] = time.time,
        session: Callable[[], WechatSession] = WechatSession,
    ) -> None:
        self._base = base
        self._secrets = secrets
        self._now = now
        self._new_session = session
        self._session: WechatSession | None = None
        self._last_used = 0.0
        self.clock_ahead_s: float | None = None
        """How far our clock was ahead of WeChat's when its last answer came, None if it doesn't
        say. Its header has whole seconds."""
        self._tokens = AccessTokens(cache, self._fetch_token, now)

    def log_in(self) -> None:
        """Have a token ready; without a cached one, WeChat checks appid and AppSecret.

        Raises:
            NotReached: WeChat could not be reached, or its answer was lost.
            WxliveError: see ``wxlive.wechat.errcodes``.
        """
        self._token_for(Api.STABLE_TOKEN)

    def followers(self, cursor: int | str | None, limit: int) -> FollowerPage:
        """Ask for a page of subscribers, at most ``limit`` (up to 2000).

        ``page_break`` is omitted on the first page: sending 0 was seen to answer -1.

        Raises:
            OutcomeUnknown: the answer is no page of the list.
            WxliveError: see ``wxlive.wechat.errcodes``.
        """
        request: dict[str, Any] = {"limit": limit}
        if cursor is not None:
            request["page_break"] = cursor
        asked_s = self._now()
        return read_followers(self._call(Api.GET_FOLLOWERS, request), asked_s)

    def push(self, room_id: int, openids: Sequence[str]) -> str:
        """Notify these openids (at most 2000) that the room is live; returns the ``message_id``.

        errcode 0 means accepted; the outcome arrives as ``wxalive_push_message_notify``. The call
        leaves at once or not at all: it fetches no token, so the client must be ready.

        Raises:
            RetryLater: surely not sent; the next call has another token or another connection.
            OutcomeUnknown: may have been sent; never repeat it blindly.
            WxliveError: WeChat refused the call; see ``wxlive.wechat.errcodes``.
        """
        token = self._tokens.cached()
        if token is None or not self._is_connected(0):
            raise NotReached("The client has no token or no connection yet; nothing was sent")
        request = {"room_id": room_id, "user_openid": list(openids)}
        try:
            answer = self._send(Api.PUSH_MESSAGE, request, token, connect_s=CALL_DELAY_S)
        except TokenRefused as error:
            self._tokens.refuse(token)
            raise RetryLater(
                "WeChat refused the access token; nothing was sent, and the next call uses another",
                errcode=error.errcode,
                rid=error.rid,
            ) from error
        return read_message_id(answer)

    def rooms(self, start: int, limit: int) -> RoomPage:
        """List rooms from ``start``, latest start first. None are listed where none exist.

        Raises:
            OutcomeUnknown: the answer is malformed.
            WxliveError: see ``wxlive.wechat.errcodes``.
        """
        try:
            answer = self._call(Api.GET_LIVE_INFO, {"start": start, "limit": limit})
        except WxliveError as error:
            if error.errcode in NO_ROOMS:
                return RoomPage()
            raise
        return read_rooms(answer)

    def quota(self, api: Api) -> ApiQuota:
        """Ask how much of the day's quota of an API is used.

        Raises:
            OutcomeUnknown: the answer is malformed.
            WxliveError: see ``wxlive.wechat.errcodes``.
        """
        return read_quota(self._call(Api.QUOTA_GET, {"cgi_path": api}))

    def callback_addresses(self) -> tuple[str, ...]:
        """Ask where callbacks come from: addresses and networks, to be asked for again daily.

        Raises:
            OutcomeUnknown: the answer is malformed.
            WxliveError: see ``wxlive.wechat.errcodes``.
        """
        return read_addresses(self._call(Api.GET_CALLBACK_IP, None))

    def is_ready(self, for_s: float) -> bool:
        """Whether a push within so many seconds needs no token and no connection first.

        Either takes several round trips; a push that leaves or arrives late crowds the next one
        into the same second. Any read makes the client ready for ``IDLE_LIMIT_S``.
        """
        return self._is_connected(for_s) and self._tokens.is_cached

    def reconnect(self) -> None:
        """Open the connection again if WeChat has closed it, so that the next call need not.

        Raises:
            NotReached: there is none within a second.
        """
        if self._session is None:
            return
        try:
            self._session.open(self._base, CALL_DELAY_S)
        except requests.RequestException as error:
            self._session = None
            kind = kind_of(error)
        else:
            return
        raise NotReached(f"WeChat could not be reached again ({kind}); nothing was sent")

    def _call(self, path: str, request: dict[str, Any] | None) -> dict[str, Any]:
        token = self._token_for(path)
        try:
            return self._send(path, request, token)
        except TokenRefused:
            self._tokens.refuse(token)
            return self._send(path, request, self._token_for(path))

    def _token_for(self, path: str) -> str:
        with _before_the_call(path):
            return self._tokens.current()

    def _fetch_token(self) -> AccessToken:
        requested_at = int(self._now())
        answer = self._send(
            Api.STABLE_TOKEN,
            {
                "grant_type": "client_credential",
                "appid": self._secrets.appid,
                "secret": self._secrets.secret,
            },
        )
        return read_token(answer, requested_at)

    def _send(
        self,
        path: str,
        request: dict[str, Any] | None,
        token: str | None = None,
        *,
        connect_s: float | None = None,
    ) -> dict[str, Any]:
        """POST a request, GET where there is none.

        Nothing leaves if there is no connection within ``connect_s``, by default the time-out.
        """
        session = self._fresh_session()
        try:
            response = (session.post if request is not None else session.get)(
                self._base + path,
                params={"access_token": token} if token else None,
                data=json.dumps(request, ensure_ascii=False).encode() if request else None,
                headers={"Content-Type": "application/json"},
                timeout=(connect_s or CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self._session = None
            lost = _transport_error(path, error)
        else:
            self._compare_clocks(response.headers.get("Date"))
            return read_answer(response.status_code, response.content)
        finally:
            self._last_used = self._now()
        # Raised out here, so that it does not even have the library's error as its context: that
        # one's message holds the URL, and the URL holds the token.
        raise lost

    def _compare_clocks(self, date: str | None) -> None:
        if date is not None:
            with suppress(ValueError, OverflowError):
                self.clock_ahead_s = self._now() - parsedate_to_datetime(date).timestamp()

    def _fresh_session(self) -> WechatSession:
        if self._session is not None and not self._is_connected(0):
            self._session.close()
            self._session = None
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def _is_connected(self, for_s: float) -> bool:
        idle_s = self._now() + for_s - self._last_used
        return self._session is not None and idle_s <= IDLE_LIMIT_S


@contextmanager
def _before_the_call(path: str) -> Iterator[None]:
    """A token request with an unknown outcome still means that the call itself never left."""
    try:
        yield
    except OutcomeUnknown as error:
        raise NotReached(
            f"No access token could be had, so {path} was not called: {error.message}"
        ) from error


def _transport_error(path: str, error: requests.RequestException) -> WxliveError:
    kind = kind_of(error)
    if isinstance(error, NothingSent):
        return NotReached(f"WeChat could not be reached for {path} ({kind}); nothing was sent")
    return OutcomeUnknown(
        f"The connection to WeChat broke during {path} ({kind}); the call may or may not have "
        "been carried out"
    )
