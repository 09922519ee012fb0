"""Why a call to AWS failed, and what to do about it, in one sentence. Pure."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
_UNKNOWN_KEY = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "AuthFailure",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_SIGN_IN = "sign in again (`aws sso login`, or new keys), then repeat the command"


_ADVICE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (exceptions.NoCredentialsError, exceptions.PartialCredentialsError),
        (
            "There are no complete AWS credentials; sign in (`aws sso login`, `aws configure`) or "
            "set AWS_PROFILE"
        ),
    ),
    (
        (exceptions.SSOError, exceptions.TokenRetrievalError),
        f"The AWS credentials have expired; {_SIGN_IN}",
    ),
    (
        (exceptions.NoRegionError,),
        "No AWS region is set; set AWS_DEFAULT_REGION to the region of the stack",
    ),
    ((exceptions.ProfileNotFound,), "{error}; correct AWS_PROFILE"),
    (
        (exceptions.ConnectionError, exceptions.HTTPClientError),
        (
            "AWS can't be called: {error}; check the network, and the name of the region "
            "(AWS_DEFAULT_REGION)"
        ),
    ),
    ((BotoCoreError,), "AWS can't be called: {error}"),
)
"""What to say about an error of the SDK; the first entry that fits."""


def describe_error(error: BotoCoreError | ClientError) -> str:
    """Say in one sentence why a call to AWS failed, and what to do about it."""
    if isinstance(error, ClientError):
        return _describe_answer(error)
    advice = next(advice for kinds, advice in _ADVICE if isinstance(error, kinds))
    return advice.format(error=str(error).rstrip("."))


def _describe_answer(error: ClientError) -> str:
    detail = error.response["Error"]
    code, says = detail.get("Code", ""), detail.get("Message") or detail.get("Code")
    if code in _EXPIRED:
        return f"The AWS credentials have expired; {_SIGN_IN}"
    if code in _UNKNOWN_KEY:
        return (
            f"AWS does not accept these credentials ({code}); check AWS_PROFILE, the keys, this "
            "machine's clock, and the region (AWS_DEFAULT_REGION)"
        )
    refused = f"AWS refused {error.operation_name}: {says}"
    if code in _DENIED:
        return f"{refused.rstrip('.')}; use credentials that may do this"
    return refused
