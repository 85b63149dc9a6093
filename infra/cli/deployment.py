"""One deployed Holdfast: where its parts are, and clients for them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from holdfast.errors import StorageUnavailable
from holdfast.reading import known
from holdfast.regions import scoring_stack
from infra.local import runtime
from infra.local.certificate import trusted
from infra.packaging import ROOT
from infra.trouble import Trouble

STATE = Path(os.environ.get("HOLDFAST_STATE", ROOT / ".holdfast"))
"""Where what runs on this machine is written down; another folder is another, independent demo."""

OUTPUTS = STATE / "outputs.json"


@dataclass(frozen=True)
class Deployment:
    """What `.holdfast/outputs.json` says, for programs to read."""

    name: str
    target: str
    region: str
    endpoint: str | None
    """Address of the embedded runtime; None for a real account."""
    api_url: str
    state_machine_arn: str
    landing_bucket: str
    quarantine_bucket: str
    lake_bucket: str
    artifacts_bucket: str
    uploads_bucket: str
    database: str
    state_table: str
    scores_table: str
    alerts_topic: str
    alerts_inbox: str
    dashboard: str
    drift_function: str
    maintain_function: str
    pseudonym_secret: str
    score_all_function: str
    forget_function: str
    report_function: str
    report: str = ""
    authority: str = ""
    """File that vouches for an embedded runtime that is asked over TLS."""

    @classmethod
    def from_stack(cls, name: str, target: str, region: str, endpoint: str | None, authority: str = "") -> Self:
        """Ask CloudFormation.

        Raises:
            Trouble: nothing of this name is deployed.
        """
        outputs = _outputs(name, region, endpoint, authority)
        api_url = (
            f"{endpoint}/restapis/{outputs['ApiId']}/live/_user_request_" if endpoint else outputs["ApiUrl"].rstrip("/")
        )
        named: dict[str, Any] = {
            _snake(key): value for key, value in outputs.items() if _snake(key) in cls.__dataclass_fields__
        }
        place = {"name": name, "target": target, "region": region, "endpoint": endpoint, "authority": authority}
        return cls(**(named | place | {"api_url": api_url}))

    @classmethod
    def current(cls) -> Self:
        """The one that `make demo` left here.

        Raises:
            Trouble: there is none, or other code deployed it.
        """
        if not OUTPUTS.exists():
            raise Trouble("no deployment is known here: run `make demo` first, or name a real one with --target aws")
        try:
            return known(cls, json.loads(OUTPUTS.read_text()))
        except (TypeError, ValueError) as error:
            raise Trouble(
                f"{relative(OUTPUTS)} is damaged, or of another version of Holdfast: run `make demo` again"
            ) from error

    def in_region(self, region: str) -> Self:
        """The same with what is in a further region: the scoring API, its log, and the alerts from there.

        Raises:
            Trouble: it is not deployed there.
        """
        if region in ("", self.region):
            return self
        if self.endpoint:
            raise Trouble(f"the embedded runtime is one machine in {self.region}: --region is for --target aws")
        outputs = _outputs(scoring_stack(self.name, region), region, None)
        url, inbox = outputs["ApiUrl"].rstrip("/"), outputs["AlertsInbox"]
        return replace(self, region=region, api_url=url, alerts_inbox=inbox)

    def save(self) -> None:
        """Write `.holdfast/outputs.json`."""
        OUTPUTS.parent.mkdir(exist_ok=True)
        OUTPUTS.write_text(json.dumps(asdict(self), indent=2) + "\n")

    def client(self, service: str, config: Config | None = None) -> Any:
        """A client for this deployment's account and region."""
        return self._session.client(service, endpoint_url=self.endpoint, config=config)

    @cached_property
    def _session(self) -> boto3.Session:
        return session(self.region, self.endpoint, self.authority)

    def credentials(self) -> Any:
        """What calls are signed with."""
        return self._session.get_credentials()


def _outputs(stack: str, region: str, endpoint: str | None, authority: str = "") -> dict[str, str]:
    """What CloudFormation says of a stack. Raises Trouble where there is none."""
    with explained(endpoint):
        try:
            cloudformation = session(region, endpoint, authority).client("cloudformation", endpoint_url=endpoint)
            found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            raise Trouble(
                f"no stack {stack!r} in {region}: deploy it first (`make deploy`, or `make demo` on this machine)"
            ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def session(region: str, endpoint: str | None, authority: str = "") -> boto3.Session:
    """A session; for the embedded runtime with its own keys, whatever the shell's environment holds."""
    if endpoint is None:
        return boto3.Session(region_name=region)
    if authority:
        # Arrow's client of S3 can be told of it in no other way.
        os.environ.update(trusted(authority))
    return boto3.Session(
        region_name=region, aws_access_key_id=runtime.ACCESS_KEY, aws_secret_access_key=runtime.SECRET_KEY
    )


@contextmanager
def explained(endpoint: str | None) -> Iterator[None]:
    """Turn what boto3 raises into a sentence with what to do."""
    try:
        yield
    except StorageUnavailable as error:
        if error.__cause__ is None:
            raise
        with explained(endpoint):
            raise error.__cause__ from None
    except EndpointConnectionError as error:
        if endpoint:
            raise Trouble(
                f"the embedded runtime does not answer at {endpoint} (its log: {STATE / 'runtime.log'}): run `make demo` again"
            ) from error
        raise Trouble(f"AWS does not answer: {error}") from error
    except NoCredentialsError as error:
        raise Trouble("no AWS credentials: set AWS_PROFILE or log in with `aws sso login`") from error
    except ClientError as error:
        raise Trouble(f"AWS refused {error.operation_name}: {error.response['Error'].get('Message', error)}") from error
    except BotoCoreError as error:
        where = f"the embedded runtime at {endpoint} (log: {STATE / 'runtime.log'})" if endpoint else "AWS"
        raise Trouble(f"{where} broke off: {error}. Run the same command again") from error


def relative(path: Path) -> str:
    """A path as the user would type it: from here when it lies below, whole otherwise."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
