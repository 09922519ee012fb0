"""The WeChat client: one session, bounded time-outs, one refresh and one retry for a dead token.

Which failures surely did not reach WeChat (``NotReached``) and which may have (``OutcomeUnknown``)
decides whether a push may be repeated, so the line between them is drawn here and nowhere else.
"""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from wxlive.answers import read_answer, whole
from wxlive.errors import NotReached, OutcomeUnknown, RetryLater, TokenRefused, WxliveError
from wxlive.followers import ListedRow
from wxlive.rooms import Room
from wxlive.settings import Secrets
from wxlive.token import AccessToken, AccessTokens, TokenCache

GET_FOLLOWERS = "/wxa/business/get_wxa_followers"
PUSH_MESSAGE = "/wxa/business/push_message"
GET_LIVE_INFO = "/wxa/business/getliveinfo"
GET_CALLBACK_IP = "/cgi-bin/getcallbackip"
QUOTA_GET = "/cgi-bin/openapi/quota/get"
STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path

CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 15
IDLE_LIMIT_S = 30
"""A connection idle for longer may have been dropped on the way without a word; a push written
into it would be lost without anybody knowing. So it is opened anew. Longer than a sender waits
for its slot."""

NO_ROOMS = frozenset({1, 9410000})
"""getliveinfo's ways of saying that there is no room (1 on the page, 9410000 in practice)."""


@dataclass(frozen=True, slots=True)
class FollowerPage:
    """One page of the list. ``cursor`` is WeChat's opaque ``page_break``, None where missing."""

    rows: tuple[ListedRow, ...]
    cursor: int | str | None


@dataclass(frozen=True, slots=True)
class ApiQuota:
    """What ``openapi/quota/get`` says of an API's day, in calls."""

    daily_limit: int
    used: int


class WechatClient:
    """Calls WeChat for one Mini Program. Not for use by several threads at once."""

    def __init__(
        self,
        base: str,
        secrets: Secrets,
        cache: TokenCache,
        *,
        now: Callable[[], float] = time.time,
        session: Callable[[], requests.Session] = requests.Session,
    ) -> None:
        self._base = base
        self._secrets = secrets
        self._now = now
        self._new_session = session
        self._session: requests.Session | None = None
        self._last_used = 0.0
        self._tokens = AccessTokens(cache, self._fetch_token, now)

    def followers(self, cursor: int | str | None, limit: int) -> FollowerPage:
        """Ask for a page of subscribers, at most ``limit`` (up to 2000).

        ``page_break`` is omitted on the first page: sending 0 was seen to answer -1.

        Raises:
            OutcomeUnknown: the answer's rows make no sense.
            WxliveError: see ``wxlive.answers``.
        """
        request: dict[str, Any] = {"limit": limit}
        if cursor is not None:
            request["page_break"] = cursor
        answer = self._call(GET_FOLLOWERS, request)
        rows = answer.get("followers") or []
        try:
            return FollowerPage(tuple(map(_read_row, rows)), _read_cursor(answer.get("page_break")))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise OutcomeUnknown(
                "WeChat's follower page makes no sense; nothing of it was used"
            ) from error

    def push(self, room_id: int, openids: Sequence[str]) -> str:
        """Tell these openids (at most 2000) that the room is live; returns the ``message_id``.

        errcode 0 means accepted; the outcome arrives as ``wxalive_push_message_notify``. A
        refused token is replaced, but the call is left to the caller: it would leave late.

        Raises:
            RetryLater: surely not sent; the next try has another token or another connection.
            OutcomeUnknown: may have been sent; never repeat it blindly.
            WxliveError: WeChat refused the call; see ``wxlive.answers``.
        """
        token = self._token_for(PUSH_MESSAGE)
        request = {"room_id": room_id, "user_openid": list(openids)}
        try:
            answer = self._send(PUSH_MESSAGE, request, token)
        except TokenRefused as error:
            self._another_token_for(PUSH_MESSAGE, token)
            raise RetryLater(
                "WeChat refused the access token; it was replaced, nothing was sent",
                errcode=error.errcode,
                rid=error.rid,
            ) from error
        message_id = answer.get("message_id")
        if isinstance(message_id, bool) or not isinstance(message_id, int | str) or not message_id:
            raise OutcomeUnknown("WeChat accepted the push without a message_id")
        return str(message_id)

    def rooms(self, start: int, limit: int) -> tuple[Room, ...]:
        """List rooms from ``start``, latest start first. None are listed where none exist.

        Raises:
            OutcomeUnknown: the answer makes no sense.
            WxliveError: see ``wxlive.answers``.
        """
        try:
            answer = self._call(GET_LIVE_INFO, {"start": start, "limit": limit})
        except WxliveError as error:
            if error.errcode in NO_ROOMS:
                return ()
            raise
        try:
            return tuple(Room.from_answer(row) for row in answer.get("room_info") or [])
        except (TypeError, ValueError, AttributeError) as error:
            raise OutcomeUnknown("WeChat's room list makes no sense") from error

    def quota(self, path: str) -> ApiQuota:
        """Ask how much of the day's quota of the API at ``path`` is used.

        Raises:
            OutcomeUnknown: the answer makes no sense.
            WxliveError: see ``wxlive.answers``.
        """
        answer = self._call(QUOTA_GET, {"cgi_path": path})
        try:
            quota = answer["quota"]
            return ApiQuota(daily_limit=whole(quota["daily_limit"]), used=whole(quota["used"]))
        except (TypeError, ValueError, KeyError) as error:
            raise OutcomeUnknown("WeChat's quota answer makes no sense") from error

    def callback_addresses(self) -> tuple[str, ...]:
        """Ask where callbacks come from: addresses and networks, to be asked for again daily.

        Raises:
            OutcomeUnknown: the answer makes no sense.
            WxliveError: see ``wxlive.answers``.
        """
        found = self._call(GET_CALLBACK_IP, None).get("ip_list")
        if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
            raise OutcomeUnknown("WeChat's list of callback addresses makes no sense")
        return tuple(found)

    @property
    def is_cold(self) -> bool:
        """Whether the next call would have to fetch a token or open a connection first.

        Either takes several round trips; a push that leaves or arrives late crowds the next one
        into the same second. Any read warms the client.
        """
        return self._session is None or self._is_idle() or not self._tokens.at_hand

    def _call(self, path: str, request: dict[str, Any] | None) -> dict[str, Any]:
        token = self._token_for(path)
        try:
            return self._send(path, request, token)
        except TokenRefused:
            return self._send(path, request, self._another_token_for(path, token))

    def _token_for(self, path: str) -> str:
        with _before_the_call(path):
            return self._tokens.current()

    def _another_token_for(self, path: str, refused: str) -> str:
        with _before_the_call(path):
            return self._tokens.replace(refused)

    def _fetch_token(self) -> AccessToken:
        asked_at = int(self._now())
        answer = self._send(
            STABLE_TOKEN,
            {
                "grant_type": "client_credential",
                "appid": self._secrets.appid,
                "secret": self._secrets.secret,
            },
        )
        try:
            return _read_token(answer, asked_at)
        except (KeyError, ValueError) as error:
            raise OutcomeUnknown("WeChat's token answer makes no sense; try again") from error

    def _send(
        self, path: str, request: dict[str, Any] | None, token: str | None = None
    ) -> dict[str, Any]:
        """POST a request, GET where there is none."""
        session = self._fresh_session()
        try:
            response = (session.post if request is not None else session.get)(
                self._base + path,
                params={"access_token": token} if token else None,
                data=json.dumps(request, ensure_ascii=False).encode() if request else None,
                headers={"Content-Type": "application/json"},
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self._session = None
            lost = _transport_error(path, error)
        else:
            return read_answer(response.status_code, response.content)
        finally:
            self._last_used = self._now()
        # Raised out here, so that it does not even have the library's error as its context: that
        # one's message holds the URL, and the URL holds the token.
        raise lost

    def _fresh_session(self) -> requests.Session:
        if self._session is not None and self._is_idle():
            self._session.close()
            self._session = None
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def _is_idle(self) -> bool:
        return self._now() - self._last_used > IDLE_LIMIT_S


@contextmanager
def _before_the_call(path: str) -> Iterator[None]:
    """A token request with an unknown outcome still means that the call itself never left."""
    try:
        yield
    except OutcomeUnknown as error:
        raise NotReached(
            f"No access token could be had, so {path} was not called: {error.message}"
        ) from error


def _read_token(answer: dict[str, Any], asked_at: int) -> AccessToken:
    value = answer["access_token"]
    if not isinstance(value, str) or not value:
        raise ValueError("no access token")
    expires_at = asked_at + whole(answer["expires_in"])
    return AccessToken(value=value, fetched_at=asked_at, expires_at=expires_at)


def _read_row(row: dict[str, Any]) -> ListedRow:
    openid = row["openid"]
    if not isinstance(openid, str) or not openid:
        raise ValueError("a row without openid")
    return ListedRow(
        openid=openid,
        subscribed_at=whole(row.get("subscribe_time", 0)),
        room_id=whole(row.get("room_id", 0)),
        room_status=whole(row.get("room_status", 0)),
    )


def _read_cursor(value: object) -> int | str | None:
    if value is None or isinstance(value, int | str):
        return value
    raise ValueError("page_break is neither a number nor a string")


def _transport_error(path: str, error: requests.RequestException) -> WxliveError:
    kind = type(error).__name__
    if _never_connected(error):
        return NotReached(f"WeChat could not be reached for {path} ({kind}); nothing was sent")
    return OutcomeUnknown(
        f"The connection to WeChat broke during {path} ({kind}); the call may or may not have "
        "been carried out"
    )


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError):
        return any(isinstance(part, ssl.SSLCertVerificationError) for part in reason.args)
    return isinstance(reason, NewConnectionError)
