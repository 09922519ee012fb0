"""Verification of a request: its signature, its age, its envelope, in this order.

``signature`` does not cover the body; ``msg_signature`` with AES does. So in secure and
compatible mode nothing outside ``Encrypt`` is looked at, and the deployment says which mode
applies, never the request: docs/wechat-protocol.md#signatures. An encrypted message is bound to the
appid; a plaintext one to the original ID of the account, as far as that is a secret:
docs/security.md#plaintext-mode.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wxlive.errors import Misconfigured, RequestRejected
from wxlive.settings import MessageMode, Secrets
from wxlive.wechat.crypto import Envelope, is_signed
from wxlive.wechat.message_body import MAX_BODY_BYTES, read_addressee, read_encrypted

FUTURE_ALLOWED_S = 300
"""How far WeChat's clock may be ahead of ours."""

_TOO_LARGE = 413
_ECHO = re.compile(r"[!-~]{1,256}")


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """What was verified: the message, or the ``echostr``.

    The flags say that it took the previous token or AES key: the console has not been changed
    yet, or the request was signed before it was.
    """

    text: str
    by_previous_token: bool = False
    by_previous_key: bool = False


@dataclass(frozen=True, slots=True)
class RequestVerifier:
    """Verifies WeChat's requests. ``max_age_s`` 0 accepts any age."""

    mode: MessageMode
    secrets: Secrets
    max_age_s: int

    def verify_url(self, query: Mapping[str, str], now_s: float) -> VerifiedRequest:
        """Check the console's GET; returns the ``echostr`` to answer, unchanged.

        Raises:
            RequestRejected: not signed with the token, too old, or without a usable ``echostr``.
        """
        previous_token = self._check_signature(query, "signature")
        self._check_age(query, now_s)
        echo = query.get("echostr", "")
        if not _ECHO.fullmatch(echo):
            raise RequestRejected("no usable echostr", status=400)
        return VerifiedRequest(echo, previous_token)

    def open(self, query: Mapping[str, str], body: bytes, now_s: float) -> VerifiedRequest:
        """Check a POST; returns the message's text, the only part that may be believed.

        Bytes that are no UTF-8 become U+FFFD: what is wrong with them is for the parser to say.

        Raises:
            RequestRejected: oversized (413), unsigned, stale, undecipherable or, in plaintext
                mode, addressed to another account (403), or without an envelope where one is
                required (400).
            Misconfigured: the mode needs an AES key and the secret has none.
        """
        if len(body) > MAX_BODY_BYTES:
            raise RequestRejected(
                "the body is larger than any message of WeChat's", status=_TOO_LARGE
            )
        if self.mode is MessageMode.PLAINTEXT:
            previous_token = self._check_signature(query, "signature")
            self._check_age(query, now_s)
            text = body.decode("utf-8", "replace")
            self._check_addressee(text)
            return VerifiedRequest(text, previous_token)
        encrypted = read_encrypted(body)
        previous_token = self._check_signature(query, "msg_signature", encrypted)
        self._check_age(query, now_s)
        text, previous_key = self._decrypt(encrypted)
        return VerifiedRequest(text, previous_token, previous_key)

    def _check_signature(self, query: Mapping[str, str], name: str, *parts: str) -> bool:
        """Check it against every token; returns whether only the previous one fits."""
        given = query.get(name, "")
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not (given and timestamp and nonce):
            raise RequestRejected(f"{name}, timestamp or nonce is missing")
        matches = [
            is_signed(given, token, timestamp, nonce, *parts) for token in self.secrets.tokens
        ]
        if not any(matches):
            raise RequestRejected(f"{name} does not match the token")
        return not matches[0]

    def _check_age(self, query: Mapping[str, str], now_s: float) -> None:
        if not self.max_age_s:
            return
        timestamp = query.get("timestamp", "")
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):
            raise RequestRejected("timestamp is not a number of seconds")
        age_s = now_s - int(timestamp)
        if not -FUTURE_ALLOWED_S <= age_s <= self.max_age_s:
            raise RequestRejected(
                f"signed {age_s:.0f} s ago; CallbackMaxAgeSeconds is {self.max_age_s}"
            )

    def _check_addressee(self, text: str) -> None:
        """Refuse a message to another account than the one that is pinned, if one is.

        What can't be read is let through: it changes no record, it is quarantined.
        """
        pinned = self.secrets.original_id
        addressee = read_addressee(text) if pinned else None
        if addressee is not None and addressee != pinned:
            raise RequestRejected(
                f"the message is addressed to {addressee or 'nobody'}, not to {pinned}, which the "
                "secret names; if that is wrong, correct it: `wxlive configure --original-id ID`"
            )

    def _decrypt(self, encrypted: str) -> tuple[str, bool]:
        """Open the envelope; returns the text, and whether only the previous key fits."""
        if not self.secrets.aes_keys:
            raise Misconfigured(
                f"MessageMode is {self.mode} but the secret has no aes_key; add the "
                "EncodingAESKey of the Mini Program console"
            )
        refusals: list[RequestRejected] = []
        for key in self.secrets.aes_keys:
            try:
                return Envelope(key, self.secrets.appid).decrypt(encrypted), bool(refusals)
            except RequestRejected as refusal:
                refusals.append(refusal)
        raise refusals[0]
