"""A follower list that answers as a test says, page after page."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from wxlive_local.simulator import FOLLOWERS, LIVE, STABLE_TOKEN

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer


def scripted(server: "HTTPServer", answers: Iterable[dict[str, Any]]) -> Callable[[], list[Any]]:
    """Serve pages one after the other; returns a function that lists the cursors requested."""
    asked: list[Any] = []
    left = iter(answers)

    def followers(request: Request) -> Response:
        asked.append(json.loads(request.data).get("page_break", "none"))
        return Response(json.dumps(next(left)))

    token = {"access_token": "T" * 64, "expires_in": 7200}
    server.expect_request(STABLE_TOKEN).respond_with_json(token)
    server.expect_request(FOLLOWERS).respond_with_handler(followers)
    return lambda: asked


def page(*openids: str, **more: Any) -> dict[str, Any]:
    rows = [
        {"openid": o, "subscribe_time": 1_795_340_000, "room_id": 1, "room_status": LIVE}
        for o in openids
    ]
    return {"errcode": 0, "followers": rows, **more}
