"""Tokens of an issuer that answers over HTTP: those that are right are known, and each way to be wrong is refused."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from holdfast.errors import ConfigurationInvalid, SourceUnavailable
from holdfast.settings import Api, parse_settings
from score import authorize
from score.tokens import ScopeMissing, TokenRefused, Wanted, keys_of, whose
from tests.doubles.issuer import AUDIENCE, SCOPE, Issuer, issuing, rsa_key

METHOD = "arn:aws:execute-api:us-east-1:000000000000:abc123/live/GET/v1/customers/u-1/score"
NOW = int(time.time())


@pytest.fixture(scope="module")
def server() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@pytest.fixture
def issuer(server: Issuer) -> Iterator[Issuer]:
    keys = dict(server.keys)
    server.asked.clear()
    yield server
    server.keys, server.down, server.moved = keys, False, False


def known(issuer: Issuer, token: str, keys: Any = None) -> str:
    return whose(token, Wanted(issuer.address, AUDIENCE, (SCOPE,)), keys or keys_of(issuer.address))


def unsigned(issuer: Issuer) -> str:
    _, claims, _ = issuer.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "a"}).encode()).decode().rstrip("=")
    return f"{header}.{claims}."


def confused(issuer: Issuer) -> str:
    """Signed with the public key as if that were a secret, which PyJWT itself refuses to do."""
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "a"}).encode()).decode().rstrip("=")
    signed = f"{header}.{issuer.token().split('.')[1]}"
    signature = hmac.digest(issuer.keys["a"].public_key().public_bytes(*form), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize("kid", ["a", "e"])
@pytest.mark.parametrize(
    "said", [{}, {"scope": None, "scp": ["x", SCOPE]}, {"scope": None, "roles": [SCOPE]}, {"aud": ["other", AUDIENCE]}]
)
def test_a_token_of_the_issuer_for_this_api_with_the_scope_is_known(issuer: Issuer, kid: str, said: dict) -> None:
    assert known(issuer, issuer.token(kid, **said)) == "crm"


@pytest.mark.parametrize(
    "said",
    [
        {"iss": "https://elsewhere.example.com"}, {"iss": None}, {"aud": "https://other.example.com"}, {"aud": None},
        {"exp": NOW - 3600}, {"exp": None}, {"nbf": NOW + 3600}, {"iat": NOW + 3600}, {"key": "of another"}, {"kid": "unknown"},
    ],
)  # fmt: skip
def test_what_is_wrong_of_a_token_refuses_it(issuer: Issuer, said: dict) -> None:
    changed = dict(said)
    if said.get("key") or said.get("kid"):
        changed |= {"key": rsa_key()}

    with pytest.raises(TokenRefused):
        known(issuer, issuer.token(**changed))


@pytest.mark.parametrize("made", [unsigned, confused, lambda _: "a.b.c", lambda _: "", lambda _: "é"])
def test_a_token_without_a_signature_of_the_issuers_kind_is_refused_before_anything_is_asked(
    issuer: Issuer, made: Any
) -> None:
    keys = keys_of(issuer.address)
    issuer.asked.clear()

    with pytest.raises(TokenRefused):
        known(issuer, made(issuer), keys)
    assert issuer.asked == []


def test_a_changed_claim_breaks_the_signature(issuer: Issuer) -> None:
    head, _, signature = issuer.token().split(".")
    other = issuer.token(sub="somebody else").split(".")[1]

    with pytest.raises(TokenRefused, match="InvalidSignatureError"):
        known(issuer, f"{head}.{other}.{signature}")


def test_a_key_of_one_kind_verifies_no_token_of_another(issuer: Issuer) -> None:
    with pytest.raises(TokenRefused):
        known(issuer, issuer.token("e", key=issuer.keys["a"]))


@pytest.mark.parametrize("scope", [None, "", "scores/reader", "profile"])
def test_a_token_for_something_else_is_told_apart(issuer: Issuer, scope: str | None) -> None:
    with pytest.raises(ScopeMissing):
        known(issuer, issuer.token(scope=scope))


def test_keys_are_read_once_and_again_for_an_unknown_one_at_most_once_a_minute(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = keys_of(issuer.address)
    for _ in range(3):
        known(issuer, issuer.token(), keys)
    issuer.keys["b"] = rsa_key()
    for _ in range(3):
        with pytest.raises(TokenRefused):
            known(issuer, issuer.token("b"), keys)
    assert issuer.asked.count("/keys") == 1

    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert known(issuer, issuer.token("b"), keys) == "crm"
    assert issuer.asked.count("/keys") == 2


def test_a_key_that_the_issuer_no_longer_has_is_no_longer_taken(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, old = keys_of(issuer.address), issuer.token()
    known(issuer, old, keys)
    del issuer.keys["a"]
    later = time.monotonic() + 601
    monkeypatch.setattr(time, "monotonic", lambda: later)

    with pytest.raises(TokenRefused):
        known(issuer, old, keys)


def test_an_issuer_that_does_not_answer_is_no_fault_of_the_token(issuer: Issuer) -> None:
    keys = keys_of(issuer.address)
    issuer.down = True

    with pytest.raises(SourceUnavailable):
        known(issuer, issuer.token(), keys)
    with pytest.raises(SourceUnavailable):
        keys_of(issuer.address)


def test_nobody_is_followed_elsewhere_for_the_issuers_keys(issuer: Issuer) -> None:
    keys = keys_of(issuer.address)
    issuer.moved = True

    with pytest.raises(SourceUnavailable):
        known(issuer, issuer.token(), keys)
    with pytest.raises(SourceUnavailable):
        keys_of(issuer.address)
    assert "/elsewhere" not in issuer.asked


def test_an_issuer_that_describes_itself_as_another_is_not_believed(issuer: Issuer) -> None:
    with pytest.raises(ConfigurationInvalid, match="another issuer"):
        keys_of(f"{issuer.address}/")


@pytest.fixture
def asking(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The handler as API Gateway calls it."""
    rules = Api(authorization="jwt", issuer=issuer.address, audience=AUDIENCE, scopes=(SCOPE,))
    monkeypatch.setattr(authorize, "settings", lambda: SimpleNamespace(api=rules))
    context = SimpleNamespace(function_name="t", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="1")
    authorize.wanted.cache_clear()
    authorize.keys.cache_clear()
    yield lambda token: authorize.handler({"authorizationToken": token, "methodArn": METHOD, "type": "TOKEN"}, context)
    authorize.wanted.cache_clear()
    authorize.keys.cache_clear()


@pytest.mark.parametrize(("scope", "effect"), [(SCOPE, "Allow"), ("profile", "Deny")])
def test_the_answer_is_good_for_every_method_of_the_stage(asking: Any, issuer: Issuer, scope: str, effect: str) -> None:
    (statement,) = asking(f"Bearer {issuer.token(scope=scope)}")["policyDocument"]["Statement"]

    assert statement == {
        "Action": "execute-api:Invoke", "Effect": effect, "Resource": "arn:aws:execute-api:us-east-1:000000000000:abc123/live/*",
    }  # fmt: skip


def test_a_refusal_is_what_the_gateway_makes_401_of_and_repeats_nothing(
    asking: Any, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    token = issuer.token(aud="https://other.example.com")

    with pytest.raises(authorize.Unauthorized, match=r"^Unauthorized$"):
        asking(f"Bearer {token}")
    assert token.split(".")[1] not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("api", "says"),
    [
        ('authorization = "jwt"\nissuer = "https://a.example.com"', "needs an `issuer` and an `audience`"),
        ('issuer = "https://a.example.com"', "go with authorization"),
        ('authorization = "jwt"\nissuer = "http://a.example.com"\naudience = "x"', "must begin with https://"),
    ],
)
def test_an_issuer_is_configured_whole_and_encrypted(api: str, says: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=says):
        parse_settings(f'[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"\n[api]\n{api}\n')
