"""The addresses that the callback's firewall lets in: an IP set of AWS WAF."""

from typing import Any


class AllowList:
    """Reads and replaces the set. ``reference`` is what CloudFormation's ``Ref`` gives for it.

    That is ``name|id|scope`` (its page on ``AWS::WAFv2::IPSet``).
    """

    def __init__(self, client: Any, reference: str) -> None:
        self._client = client
        name, identity, scope = reference.split("|")
        self._set = {"Name": name, "Id": identity, "Scope": scope}

    def replace(self, networks: frozenset[str]) -> bool:
        """Let exactly these networks in; returns whether anything changed.

        The lock token makes the write fail if the set was changed in between; the next
        refresh repairs that.
        """
        found = self._client.get_ip_set(**self._set)
        if frozenset(found["IPSet"]["Addresses"]) == networks:
            return False
        self._client.update_ip_set(
            **self._set, Addresses=sorted(networks), LockToken=found["LockToken"]
        )
        return True
