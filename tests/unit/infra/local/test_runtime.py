"""How the embedded runtime is started, and what its callers are told."""

from pathlib import Path

import pytest

from infra.cli import api, demo
from infra.cli.deployment import Deployment
from infra.local import runtime
from infra.local.processes import Processes

AUTHORITY = Path("/somewhere/authority.pem")


class Noted(Processes):
    """Starts nothing, and keeps what would have been started."""

    def start(self, name, command, environment, ready):
        self.command, self.environment = command, environment


def started(folder: Path, authority: Path | None) -> Noted:
    noted = Noted(folder)
    assert runtime.start(noted, 9, "us-east-1", authority) is True
    return noted


def test_a_runtime_that_enforces_iam_is_asked_over_tls(tmp_path: Path) -> None:
    noted = started(tmp_path, tmp_path / "tls" / "authority.pem")

    assert noted.command[1:] == ["-m", runtime.ENFORCING]
    assert (noted.environment["AUTH"], noted.environment["USE_SSL"]) == ("true", "1")
    assert noted.environment["AWS_ENDPOINT_URL"] == "https://127.0.0.1:9"
    assert Path(noted.environment["MINISTACK_SSL_CERT"]).exists()


def test_without_being_asked_it_does_not_whatever_the_shell_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH", "true")
    monkeypatch.setenv("USE_SSL", "1")

    noted = started(tmp_path, None)

    assert noted.command[1:] == ["-m", runtime.PLAIN]
    assert (noted.environment["AUTH"], noted.environment["USE_SSL"]) == ("false", "0")
    assert noted.environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"


def test_everything_that_is_started_is_told_whom_to_trust() -> None:
    told = runtime.environment(9, "us-east-1", AUTHORITY)

    assert {told[name] for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")} == {str(AUTHORITY)}


def test_only_a_demo_that_enforces_iam_has_an_authority() -> None:
    plain, enforced = (demo.Wanted(Path("holdfast.toml"), enforce_iam=each) for each in (False, True))

    assert plain.authority is None
    assert enforced.authority
    assert enforced.authority.is_absolute()


@pytest.mark.parametrize(
    ("authority", "said"), [("", "curl -s --aws-sigv4"), (str(AUTHORITY), f"curl -s --cacert {AUTHORITY} --aws-sigv4")]
)
def test_the_line_for_the_shell_says_whom_to_trust(authority: str, said: str) -> None:
    names = [name for name in Deployment.__dataclass_fields__ if name != "authority"]
    deployment = Deployment(**dict.fromkeys(names, "x"), authority=authority)

    assert api.curl(deployment, "health").startswith(said)
