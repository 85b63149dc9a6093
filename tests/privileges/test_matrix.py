"""Every cell of the table of rights tried on the running deployment, under each function's own role."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.doubles.rights import Probe, cells, filled, probes
from tests.infra.test_rights import PLACES, role_of
from tests.privileges.conftest import Enforced

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
ROLES = sorted({role for role, *_ in cells("local")})


@pytest.fixture(scope="module")
def places(enforced: Enforced) -> dict[str, Any]:
    """Names and ARNs of what is tried."""
    named = {place: enforced.physical(beginning) for place, beginning in PLACES.items()}
    here, own = "us-east-1:000000000000", enforced.client
    queues = {
        f"arn of {place}": f"arn:aws:sqs:{here}:{named[place].rpartition('/')[2]}" for place in ("arrivals", "dead letters", "inbox")
    }  # fmt: skip
    another = own("secretsmanager").create_secret(Name="another", SecretString="{}")["ARN"]
    ciphertext = own("kms").encrypt(KeyId=named["key"], Plaintext=b"probe")["CiphertextBlob"]
    return named | queues | {
        "region": "us-east-1", "account": "000000000000", "database": enforced.outputs["database"], "another": another,
        "arn of alerts": named["alerts"], "arn of machine": named["machine"], "machine": named["machine"].rpartition(":")[2],
        "arn of api": f"arn:aws:lambda:{here}:function:{named['api']}", "ciphertext": ciphertext,
    }  # fmt: skip


def allowed(enforced: Enforced, session: Any, probe: Probe, places: dict[str, Any]) -> bool:
    """Whether it was let through; what became of it then is no matter."""
    service, call = probe.call
    arguments = {name: filled(value, places) for name, value in probe.arguments.items()}
    try:
        getattr(enforced.ask(session, service), call)(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] not in DENIED
    return True


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_table_says_and_is_denied_all_else(
    enforced: Enforced, places: dict[str, Any], role: str
) -> None:
    session = enforced.under(enforced.physical(role_of(role, "local")))

    wrong = [
        (column, probe.action, "is denied" if wanted else "is allowed")
        for each, column, letter, wanted in cells("local")
        if each == role
        for probe in probes(column)[letter]
        if allowed(enforced, session, probe, places) is not wanted
    ]

    assert not wrong, "\n".join(map(str, wrong))
