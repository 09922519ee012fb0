"""The deployed edge: one path, two methods, and nothing else reaches a function."""

import pytest
import requests

from wxlive_local.up import Stack


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_another_method_reaches_no_function(stack: Stack, method: str) -> None:
    answer = requests.request(method, stack.callback_url, timeout=30)

    assert answer.status_code == 403
    assert answer.text != "forbidden", "that would be the callback's own word"


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_another_path_reaches_no_function(stack: Stack, levels: int) -> None:
    url = stack.callback_url.rsplit("/", levels)[0] + "/other"

    answer = requests.get(url, timeout=30)

    assert answer.status_code == 403
    assert answer.text != "forbidden", "that would be the callback's own word"
