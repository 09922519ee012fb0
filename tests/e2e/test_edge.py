"""The deployed API: one path, two methods; nothing else reaches a function."""

import pytest
import requests

from wxlive_local.up import LocalStack


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_another_method_reaches_no_function(stack: LocalStack, method: str) -> None:
    response = requests.request(method, stack.callback_url, timeout=30)

    assert response.status_code == 403
    assert response.text != "forbidden", "that is the callback's own body"


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_another_path_reaches_no_function(stack: LocalStack, levels: int) -> None:
    url = stack.callback_url.rsplit("/", levels)[0] + "/other"

    response = requests.get(url, timeout=30)

    assert response.status_code == 403
    assert response.text != "forbidden", "that is the callback's own body"
