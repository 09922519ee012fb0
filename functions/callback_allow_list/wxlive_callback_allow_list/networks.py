"""What may go onto the allow-list."""

from collections.abc import Iterable
from ipaddress import IPv4Network, ip_network

from wxlive.errors import OutcomeUnknown

_WIDEST_PREFIX = 8


def networks(addresses: Iterable[str]) -> frozenset[str]:
    """The IPv4 networks among WeChat's addresses; entries may be addresses or networks.

    The API has no IPv6 address, so WeChat calls from none (docs/wechat-protocol.md#addresses).

    Raises:
        OutcomeUnknown: an entry is no address or far too wide, or none is left: such a list would
            let every caller in, or lock WeChat out.
    """
    try:
        found = [ip_network(address) for address in addresses]
    except ValueError as error:
        raise OutcomeUnknown(
            "WeChat's list of callback addresses is malformed; the allow-list stays as it is"
        ) from error
    wanted = [network for network in found if isinstance(network, IPv4Network)]
    if not wanted or min(network.prefixlen for network in wanted) < _WIDEST_PREFIX:
        raise OutcomeUnknown(
            "WeChat's list of callback addresses is empty or far too wide; the allow-list "
            "stays as it is"
        )
    return frozenset(map(str, wanted))
