"""An error of AWS is one sentence that names the remedy."""

from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from wxlive_cli.aws_errors import describe_error


def refused(code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "The words of AWS."}}
    return ClientError(answer, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "says", "remedy"),
    [
        (exceptions.NoCredentialsError(), "no complete AWS credentials", "aws sso login"),
        (
            exceptions.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
            "no complete AWS credentials",
            "AWS_PROFILE",
        ),
        (exceptions.ProfileNotFound(profile="live"), "profile (live)", "correct AWS_PROFILE"),
        (exceptions.UnauthorizedSSOTokenError(), "have expired", "aws sso login"),
        (refused("ExpiredToken"), "have expired", "aws sso login"),
        (refused("ExpiredTokenException"), "have expired", "aws sso login"),
        (refused("InvalidClientTokenId"), "does not accept", "AWS_DEFAULT_REGION"),
        (refused("UnrecognizedClientException"), "does not accept", "AWS_PROFILE"),
        (exceptions.NoRegionError(), "No AWS region", "AWS_DEFAULT_REGION"),
        (
            exceptions.EndpointConnectionError(endpoint_url="https://cloudformation.us-west-9"),
            "https://cloudformation.us-west-9",
            "AWS_DEFAULT_REGION",
        ),
        (
            exceptions.ConnectTimeoutError(endpoint_url="https://x"),
            "can't be called",
            "check the network",
        ),
        (refused("AccessDeniedException"), "DescribeStacks", "use credentials that may"),
        (refused("ThrottlingException"), "DescribeStacks: The words of AWS.", ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_is_one_sentence_with_its_remedy(
    error: BotoCoreError | ClientError, says: str, remedy: str
) -> None:
    sentence = describe_error(error)

    assert says in sentence
    assert remedy in sentence
    assert "\n" not in sentence
