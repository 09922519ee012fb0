"""The local AWS: a `ministack` process on 127.0.0.1 that keeps no data after it stops."""

import http.client
import os
import shutil
import socket
import time
import uuid
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import boto3
import botocore.config
import botocore.session

from wxlive.errors import Misconfigured, NotReached
from wxlive_local.locks import is_locked, locked
from wxlive_local.loopback_server import LOOPBACK
from wxlive_local.paths import AWS_PYTHON, RUNS
from wxlive_local.processes import SupervisedProcess

REGION: Final = "us-east-1"
_START_TIMEOUT_S = 30.0
_PROGRAM = str(Path(__file__).with_name("aws_program.py"))
_POLL_S = 0.05
_KEPT_LOGS = 10

# With the certificates, functions trust a server that takes WeChat's place over https.
_INHERITED = ("LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


class LocalAws:
    """A local AWS for the time of a ``with`` block; entering it waits until it answers.

    ``port`` None takes a free one. With ``enforce_iam`` the functions' roles are enforced.
    ``functions_aws_url`` is the AWS endpoint of the functions, if not this AWS itself. All files
    are under ``run_dir``, where only the logs stay.

    Raises:
        Misconfigured: the port is taken or may not be used (on entering).
        NotReached: it ended or did not answer in time (on entering); the message names its log.
    """

    def __init__(
        self,
        port: int | None = None,
        *,
        enforce_iam: bool = False,
        functions_aws_url: str | None = None,
    ) -> None:
        self._wanted_port = port
        self._enforce_iam = enforce_iam
        self._functions_aws_url = functions_aws_url
        self._exit = ExitStack()
        self.port = 0
        self.run_dir = RUNS / f"{int(time.time())}-{uuid.uuid4().hex[:8]}"

    def __enter__(self) -> Self:
        self.port = free_port(self._wanted_port)
        scratch = self.run_dir / "aws"
        RUNS.mkdir(parents=True, exist_ok=True)
        with ExitStack() as starting:
            with locked(RUNS / "lock"):  # so that nobody takes this run for a finished one
                prune_runs(RUNS)
                (scratch / "tmp").mkdir(parents=True)
                starting.enter_context(locked(self.run_dir / "lock"))
            process = starting.enter_context(
                SupervisedProcess(
                    [AWS_PYTHON, _PROGRAM],
                    env=self._process_env(scratch),
                    cwd=scratch,
                    log=self.run_dir / "ministack.log",
                    remove=scratch,
                )
            )
            self._wait_until_healthy(process)
            self._exit = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    @property
    def endpoint_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """What an AWS program needs in its environment to talk to this AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str, **config: Any) -> Any:
        """Return a boto3 client of this AWS that ignores the user's AWS settings.

        ``config`` is passed to ``botocore.config.Config``.
        """
        nothing: dict[str, tuple[Any, ...]] = {
            "profile": (None, [], None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        core = botocore.session.Session(session_vars=nothing)
        session = boto3.Session(
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
            botocore_session=core,
        )
        # boto3's overloads want a literal service name; here it is the caller's.
        make: Any = session.client
        return make(
            service,
            endpoint_url=self.endpoint_url,
            config=botocore.config.Config(proxies={}, **config),
        )

    def _process_env(self, scratch: Path) -> dict[str, str]:
        """Return a minimal environment, which the functions' processes inherit.

        No proxy, no credentials and no settings of the user may reach them.
        """
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {
            **inherited,
            "PATH": os.defpath,
            "HOME": str(scratch),
            "TMPDIR": str(scratch / "tmp"),
            "STATE_DIR": str(scratch / "state"),
            "S3_DATA_DIR": str(scratch / "s3"),
            "BIND_HOST": LOOPBACK,
            # Part of the queue URLs; `localhost` may mean ::1, where nothing listens.
            "MINISTACK_HOST": LOOPBACK,
            "GATEWAY_PORT": str(self.port),
            # The local AWS itself calls no AWS; the functions inherit this.
            "AWS_ENDPOINT_URL": self._functions_aws_url or self.endpoint_url,
            "MINISTACK_REGION": REGION,
            "LOG_LEVEL": "WARNING",
            "AUTH": "true" if self._enforce_iam else "false",
            # These would listen on other addresses and ports.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # So that it finds no containers: it would remove those that look like its own.
            "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _wait_until_healthy(self, process: SupervisedProcess) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and process.running:
            if http_status(f"{self.endpoint_url}/_ministack/health") == http.HTTPStatus.OK:
                return
            time.sleep(_POLL_S)
        why = "did not answer in time" if process.running else "ended at once"
        raise NotReached(f"the local AWS {why}; see {process.log}:\n{process.last_lines()}")


def http_status(url: str, timeout_s: float = 5.0) -> int | None:
    """Return the status of a GET of a loopback URL, or None if nothing answers."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=timeout_s)) as connection:
        try:
            connection.request("GET", parts.path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None


def free_port(wanted: int | None = None) -> int:
    """Return ``wanted`` if it is free, else any free port.

    Raises:
        Misconfigured: ``wanted`` is taken or may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted or 0))
        except OSError as error:
            raise Misconfigured(
                f"port {wanted} on {LOOPBACK} can't be used ({error.strerror}); "
                "choose another with --port, or omit --port"
            ) from error
        port: int = probe.getsockname()[1]
        return port


def prune_runs(runs: Path) -> None:
    """Remove what finished runs left, except for the newest logs.

    A run that was killed together with its supervisor leaves its scratch directory.
    """
    finished = sorted(run for run in runs.glob("*-*") if not is_locked(run / "lock"))
    for run in finished:
        shutil.rmtree(run / "aws", ignore_errors=True)
    for run in finished[:-_KEPT_LOGS]:
        shutil.rmtree(run, ignore_errors=True)
