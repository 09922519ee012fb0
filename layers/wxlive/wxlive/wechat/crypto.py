"""WeChat's message security: the signatures and the AES envelope. Pure, no I/O.

The rules: docs/wechat-protocol.md#signatures and docs/wechat-protocol.md#encryption. Two facts
shape this module. ``signature`` covers no body, ``msg_signature`` covers ``Encrypt``. And the
cipher is CBC without a tag of its own, so callers must check ``msg_signature`` before they open an
envelope: what ``Envelope`` checks detects wrong keys and damage, not forgeries.
"""

import base64
import hashlib
import hmac
import re
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from wxlive.errors import Misconfigured, RequestRejected

_RANDOM_BYTES = 16
_IV_BYTES = 16
_LENGTH = struct.Struct(">I")
_HEAD_BYTES = _RANDOM_BYTES + _LENGTH.size
# WeChat pads to 32 bytes although AES blocks have 16: pad bytes 17..32 are as good as 1..16.
_PAD_BLOCK_BYTES = 32


def signature(token: str, timestamp: str, nonce: str, *parts: str) -> str:
    """The hex SHA-1 of the sorted, joined strings.

    With no ``parts`` this is the query's ``signature``; with the ``Encrypt`` text as received it
    is ``msg_signature``. The strings are sorted by their UTF-8 bytes, as WeChat's samples do.
    """
    words = sorted(_bytes(word) for word in (token, timestamp, nonce, *parts))
    # The protocol fixes SHA-1; the token in it is the secret.
    return hashlib.sha1(b"".join(words), usedforsecurity=False).hexdigest()


def is_signed(expected: str, token: str, timestamp: str, nonce: str, *parts: str) -> bool:
    """Whether ``expected``, the signature that came with a request, is the right one.

    Takes the time it takes whatever ``expected`` is, and never raises: text that is not ASCII
    is wrong, no more.
    """
    return hmac.compare_digest(
        _bytes(expected), signature(token, timestamp, nonce, *parts).encode("ascii")
    )


class Envelope:
    """Encrypts and decrypts ``Encrypt`` fields for one Mini Program and one EncodingAESKey.

    AES-256-CBC with the key's first 16 bytes as IV, PKCS#7 to 32 bytes; inside: 16 random bytes,
    the message's length in bytes (big-endian, 4 bytes), the message in UTF-8, the appid. The key
    is in no ``repr`` and in no error.

    Raises:
        Misconfigured: ``aes_key`` is not 43 characters of base64, or ``appid`` is empty.
    """

    __slots__ = ("_appid", "_cipher")

    def __init__(self, aes_key: str, appid: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9+/]{43}", aes_key):
            raise Misconfigured(
                "the EncodingAESKey is not 43 base64 characters; "
                "copy it again from the Mini Program console"
            )
        if not appid:
            raise Misconfigured("the appid is empty; store the Mini Program's appid in the secret")
        # 43 characters hold 258 bits. The last two belong to nothing and are seldom zero in the
        # keys WeChat makes, so they are dropped here and never checked.
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(AES256(key), CBC(key[:_IV_BYTES]))
        self._appid = _bytes(appid)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(appid={self._appid.decode('utf-8', 'replace')!r})"

    def encrypt(self, text: str, random: bytes | None = None) -> str:
        """The base64 ``Encrypt`` field for ``text``. ``random``: the frame's first 16 bytes.

        Raises:
            ValueError: ``random`` is not 16 bytes, or ``text`` has no UTF-8 form.
        """
        head = secrets.token_bytes(_RANDOM_BYTES) if random is None else random
        if len(head) != _RANDOM_BYTES:
            raise ValueError(f"random has {len(head)} bytes; the frame takes {_RANDOM_BYTES}")
        message = text.encode("utf-8")
        padder = PKCS7(_PAD_BLOCK_BYTES * 8).padder()
        frame = head + _LENGTH.pack(len(message)) + message + self._appid
        padded = padder.update(frame) + padder.finalize()
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(padded) + encryptor.finalize()
        return base64.b64encode(sealed).decode("ascii")

    def decrypt(self, encrypted: str) -> str:
        """The message inside the base64 field ``encrypted``. Check its signature first.

        Bytes that are no UTF-8 become U+FFFD: they are no sign of a forgery.

        Raises:
            RequestRejected: it is no base64, its length or padding is wrong, its frame is out of
                bounds, or it is for another appid. The sentence says which, for the log: never
                send it back, because it would help a forger.
        """
        frame = self._unpad(self._decipher(encrypted))
        if len(frame) < _HEAD_BYTES:
            raise RequestRejected(
                f"Encrypt holds a frame of {len(frame)} bytes, less than its head of {_HEAD_BYTES}"
            )
        (length,) = _LENGTH.unpack_from(frame, _RANDOM_BYTES)
        end = _HEAD_BYTES + length
        if end > len(frame):
            raise RequestRejected(
                f"Encrypt says its message has {length} bytes, but its frame ends before that"
            )
        if not hmac.compare_digest(frame[end:], self._appid):
            raise RequestRejected("Encrypt is meant for another appid than this Mini Program's")
        return frame[_HEAD_BYTES:end].decode("utf-8", "replace")

    def _decipher(self, encrypted: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except ValueError as error:
            raise RequestRejected("Encrypt is not base64") from error
        if not sealed or len(sealed) % _PAD_BLOCK_BYTES:
            raise RequestRejected(
                f"Encrypt holds {len(sealed)} bytes, not whole blocks of {_PAD_BLOCK_BYTES}"
            )
        decryptor = self._cipher.decryptor()
        return decryptor.update(sealed) + decryptor.finalize()

    @staticmethod
    def _unpad(padded: bytes) -> bytes:
        unpadder = PKCS7(_PAD_BLOCK_BYTES * 8).unpadder()
        try:
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError as error:
            raise RequestRejected(
                "Encrypt has wrong padding: another EncodingAESKey, or damaged"
            ) from error


def _bytes(text: str) -> bytes:
    # A JSON string may smuggle in half a surrogate pair; comparing it must not raise.
    return text.encode("utf-8", "surrogatepass")
