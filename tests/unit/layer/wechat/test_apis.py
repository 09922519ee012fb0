"""The paths of WeChat's APIs, and the names of our records about them."""

import pytest

from wxlive.wechat.apis import Api


@pytest.mark.parametrize(
    ("api", "record"),
    [
        (Api.GET_FOLLOWERS, "get_wxa_followers"),
        (Api.PUSH_MESSAGE, "push_message"),
        (Api.GET_LIVE_INFO, "getliveinfo"),
    ],
)
def test_a_record_about_an_api_is_named_by_the_end_of_its_path(api: Api, record: str) -> None:
    assert api.record == record


def test_no_two_apis_share_a_record() -> None:
    assert len({api.record for api in Api}) == len(Api)


def test_an_api_is_its_path() -> None:
    assert f"https://wechat.test{Api.PUSH_MESSAGE}" == (
        "https://wechat.test/wxa/business/push_message"
    )
