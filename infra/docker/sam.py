"""The SAM command line: building the function's image, invoking it once, and serving it."""

import json
import os
import platform
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.config import Config

from infra.docker.answers import JsonValue, settled
from infra.docker.command import CommandFailed, run
from infra.docker.ports import HOST, free_port, listens
from infra.docker.stand_in import NETWORK
from infra.local.aws import REPOSITORY
from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, local_session

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

FUNCTION = "ImageFunction"
PROGRAM = REPOSITORY / ".venv-sam" / "bin" / "sam"
BUILT = REPOSITORY / ".aws-sam" / "build"

BUILD_SECONDS = 1800  # where no index of CPU builds is known, torch alone is 5 GB
INVOKE_SECONDS = 180
START_SECONDS = 120
STOP_SECONDS = 60


def sam_environment(environment: Mapping[str, str], endpoint: str | None = None) -> dict[str, str]:
    """`environment` for SAM, which asks STS who is calling and tells Amazon of its use unless it is told not to."""
    blind = {
        "SAM_CLI_TELEMETRY": "0",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return {**kept, **blind, **({"AWS_ENDPOINT_URL_STS": endpoint} if endpoint else {})}


def build(base_image: str, environment: Mapping[str, str]) -> None:
    """`sam build`. Raises `CommandFailed`."""
    template = ["--template-file", str(REPOSITORY / "template.yaml"), "--build-dir", str(BUILT)]
    architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    parameters = ["--parameter-overrides", f"BaseImage={base_image}", f"Architecture={architecture}"]
    run([str(PROGRAM), "build", *template, *parameters], timeout_seconds=BUILD_SECONDS, environment=environment)


def variables_file(path: Path, variables: Mapping[str, str]) -> Path:
    """Write what `sam local --env-vars` takes. It overrides variables that the template has, and adds none."""
    path.write_text(json.dumps({FUNCTION: dict(variables)}, indent=2) + "\n")
    return path


@dataclass(frozen=True)
class LocalLambda:
    """`sam local`. `variables_file` is what `--env-vars` takes."""

    variables_file: Path
    environment: Mapping[str, str]

    def invoke(self, event: str) -> JsonValue:
        """What the function returns for `event`, in a container that ends with it.

        Raises:
            HandlerFailed: it returned nothing, or not all of its work is done.
            CommandFailed: SAM failed.
        """
        command = [*self._command("invoke"), "--event", "-"]
        printed = run(command, timeout_seconds=INVOKE_SECONDS, environment=self.environment, stdin=event)
        return settled(printed.stdout)

    @contextmanager
    def serve(self) -> Iterator["LambdaClient"]:
        """A client of `sam local start-lambda`, which keeps one container for all invocations."""
        port = free_port()
        command = [*self._command("start-lambda"), "--host", HOST, "--port", str(port), "--warm-containers", "EAGER"]
        with tempfile.TemporaryFile("w+") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)  # noqa: S603
            try:
                if not listens(port, START_SECONDS):
                    log.seek(0)
                    raise CommandFailed(f"sam local start-lambda serves nothing:\n{log.read()[-4000:]}")
                with closing(lambda_client(port)) as client:
                    yield client
            finally:
                stop(server)

    def _command(self, name: str) -> list[str]:
        built = ["--template-file", str(BUILT / "template.yaml")]
        told = ["--env-vars", str(self.variables_file), "--docker-network", NETWORK]
        function = [FUNCTION] if name == "invoke" else []
        return [str(PROGRAM), "local", name, *function, *built, *told, "--skip-pull-image"]


def stop(server: subprocess.Popen[bytes]) -> None:
    """End `sam local start-lambda`, which takes its containers with it. It doesn't hear SIGINT."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def lambda_client(port: int) -> "LambdaClient":
    """It tries once, and waits for as long as the function may take."""
    config = Config(proxies={}, retries={"total_max_attempts": 1}, read_timeout=INVOKE_SECONDS)
    return local_session().client("lambda", endpoint_url=f"http://{HOST}:{port}", config=config)
