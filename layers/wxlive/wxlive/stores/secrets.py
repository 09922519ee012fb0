"""The secrets, read from Secrets Manager: WeChat's is kept in memory for a while."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError

from wxlive.errors import Misconfigured
from wxlive.robots.robot import Robot
from wxlive.settings import Secrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_S = 300
"""A rotated secret is in use everywhere after so long; the previous values work meanwhile."""


class SecretStore:
    """Reads the deployment's secret."""

    def __init__(self, client: "SecretsManagerClient", name: str) -> None:
        self._provider = SecretsProvider(boto3_client=client)
        self._name = name
        self._known: Secrets | None = None

    def load(self, *, fresh: bool = False) -> Secrets:
        """Return the secret, at most ``KEPT_S`` old, or as it is now if it must be ``fresh``.

        While it can't be read, the one that was read last is returned: Secrets Manager may be
        unavailable.

        Raises:
            Misconfigured: it is missing, unreadable or incomplete.
        """
        try:
            text = self._provider.get(self._name, max_age=KEPT_S, force_fetch=fresh)
        except GetParameterError as error:
            if self._known:
                return self._known
            raise Misconfigured(
                f"The secret {self._name} can't be read; create it with `wxlive configure`"
            ) from error
        self._known = Secrets.from_json(str(text), f"The secret {self._name}")
        return self._known

    def pseudonym_key(self, is_needed: bool) -> str:  # noqa: FBT001 - as the store asks
        """Return the key of the pseudonyms, "" if there is none; one that ``is_needed`` is new.

        Raises:
            Misconfigured: as for ``load``.
        """
        known = self.load().pseudonym_key
        return known if known or not is_needed else self.load(fresh=True).pseudonym_key


def read_robot(client: "SecretsManagerClient", name: str, *, is_local: bool) -> Robot:
    """Return the team's robot, as it is stored now.

    Raises:
        Misconfigured: the secret is missing or no robot.
    """
    try:
        text = client.get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        raise Misconfigured(
            f"The secret {name} can't be read ({error.response['Error']['Code']}); store the robot "
            "with `wxlive robot`"
        ) from None
    return Robot.from_json(text, f"The secret {name}", is_local=is_local)
