"""What may go onto the callback's allow-list."""

import pytest

from wxlive.errors import OutcomeUnknown
from wxlive_callback_allow_list.networks import networks


@pytest.mark.parametrize(
    ("addresses", "allowed"),
    [
        (["203.0.113.7"], {"203.0.113.7/32"}),
        (["203.0.113.7", "203.0.113.7/32"], {"203.0.113.7/32"}),
        (["198.51.100.0/24", "2001:db8::1"], {"198.51.100.0/24"}),
        (["10.0.0.0/8"], {"10.0.0.0/8"}),
    ],
)
def test_addresses_and_networks_of_ipv4_are_allowed(
    addresses: list[str], allowed: set[str]
) -> None:
    assert networks(addresses) == allowed


@pytest.mark.parametrize(
    ("addresses", "why"),
    [
        ([], "is empty"),
        (["2001:db8::1"], "is empty"),
        (["203.0.113.7", "0.0.0.0/0"], "far too wide"),
        (["128.0.0.0/7"], "far too wide"),
        (["203.0.113.7", "nonsense"], "malformed"),
        (["203.0.113.7/24"], "malformed"),
        ([""], "malformed"),
    ],
)
def test_a_list_that_would_lock_wechat_out_or_let_every_caller_in_is_refused(
    addresses: list[str], why: str
) -> None:
    with pytest.raises(OutcomeUnknown, match=why):
        networks(addresses)
