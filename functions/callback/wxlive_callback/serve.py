"""One request of WeChat's: verified, then stored or queued."""

from collections.abc import Mapping

from wxlive.errors import RequestRejected
from wxlive.settings import MessageMode
from wxlive.telemetry import NOT_PINNED, Metric, Telemetry
from wxlive.wechat.message_body import read_addressee
from wxlive_callback.dependencies import Dependencies
from wxlive_callback.verification import RequestVerifier, VerifiedRequest

ACKNOWLEDGED = "success"
"""The answer that WeChat takes for received: docs/wechat-protocol.md#replies."""


def serve(method: str, query: Mapping[str, str], body: bytes, deps: Dependencies) -> str:
    """Serve a request; returns the text to answer with.

    Raises:
        RequestRejected: it is not authentic, or not a request of WeChat's.
        Exception: the message could be neither stored nor queued.
    """
    secrets = deps.secrets()
    deps.telemetry.hide([secrets.secret, *secrets.tokens, *secrets.aes_keys])
    verifier = RequestVerifier(
        deps.settings.message_mode, secrets, deps.settings.callback_max_age_s
    )
    match method:
        case "GET":
            verified = verifier.verify_url(query, deps.now())
            _count_previous(verified, deps.telemetry)
            return verified.text
        case "POST":
            verified = verifier.open(query, body, deps.now())
            if not _count_previous(verified, deps.telemetry) and secrets.are_rotating:
                deps.telemetry.count(Metric.CALLBACK_CURRENT_SECRETS)
            if deps.settings.message_mode is MessageMode.PLAINTEXT and not secrets.original_id:
                _log_addressee(verified.text, deps.telemetry)
            _ingest(verified.text, deps)
            return ACKNOWLEDGED
        case _:
            raise RequestRejected("neither GET nor POST", status=405)


def _count_previous(verified: VerifiedRequest, telemetry: Telemetry) -> bool:
    """Count a request that took a previous secret; returns whether it did.

    The counts show when a rotation may be finished. Only a message shows what WeChat uses: its
    signature the token, its decryption the AES key. A URL verification by the current token shows
    that somebody knows it: the console before it saves, or ``wxlive doctor``.
    """
    if not (verified.by_previous_token or verified.by_previous_key):
        return False
    telemetry.count(Metric.CALLBACK_PREVIOUS_SECRETS)
    telemetry.logger.info(
        "callback by previous secrets",
        extra={"token": verified.by_previous_token, "aes_key": verified.by_previous_key},
    )
    return True


def _log_addressee(text: str, telemetry: Telemetry) -> None:
    """Log whom a message is addressed to, from which ``wxlive doctor`` learns the account."""
    telemetry.logger.warning(NOT_PINNED, extra={"addressee": read_addressee(text)})


def _ingest(text: str, deps: Dependencies) -> None:
    try:
        deps.ingestor.ingest(text, deps.now())
    except Exception as error:  # whatever failed: the message must not be lost
        deps.backlog.put(text, type(error).__name__)
        deps.telemetry.count(Metric.CALLBACK_QUEUED)
        deps.telemetry.logger.exception("callback queued")
