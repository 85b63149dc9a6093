"""Tokens (JWT, RFC 7519) of one issuer: whether one is right for this API, and whose it is."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWKClient
from jwt.exceptions import InvalidTokenError, PyJWKClientConnectionError, PyJWKClientError, PyJWTError

from holdfast.errors import ConfigurationInvalid, SourceUnavailable, Terminal
from holdfast.hosts import is_private

ALGORITHMS = ("RS256", "ES256")
"""Asymmetric ones: a key that everybody may read signs nothing."""
_LEEWAY_S = 30
"""How far the issuer's clock and this one may be apart."""
_KEPT_S, _COOLDOWN_S, _PATIENCE_S = 600, 60, 4
"""Keys are read again after ten minutes, and for a token of an unknown key, but for those no more than once a minute."""
_SCOPES = ("scope", "scp", "roles")
"""Claims in which issuers say what a token is for: OAuth's own (RFC 8693), Okta's, and Entra's for programs."""


class TokenRefused(Terminal):
    """When a token is none of the issuer's for this API, or no longer is. The message repeats nothing of it."""


class ScopeMissing(Terminal):
    """When a token is right, and for something else than to read scores."""


@dataclass(frozen=True)
class Wanted:
    """What a token has to be: of an issuer, for an audience, with one of some scopes, where there are any."""

    issuer: str
    audience: str
    scopes: tuple[str, ...] = ()


def keys_of(issuer: str) -> PyJWKClient:
    """The keys that an issuer signs with, from where its own description (OpenID Connect Discovery 1.0) says that they are.

    Raises:
        SourceUnavailable: the issuer does not answer.
        ConfigurationInvalid: it describes itself as another one, or has its keys where they could be exchanged on the way.
    """
    said = _described(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    where = str(said.get("jwks_uri", ""))
    if said.get("issuer") != issuer or not is_private(where):
        raise ConfigurationInvalid(
            f"api.issuer: {issuer} describes itself as another issuer, or has no keys at https://"
        )
    return PyJWKClient(where, lifespan=_KEPT_S, timeout=_PATIENCE_S, cooldown_duration=_COOLDOWN_S)


def whose(token: str, wanted: Wanted, keys: PyJWKClient) -> str:
    """Who has a token: its subject.

    Raises:
        TokenRefused: it is not right.
        ScopeMissing: it is, and has none of the scopes.
        SourceUnavailable: the issuer does not give its keys.
    """
    try:
        claims = _claims(token, wanted, keys)
    except PyJWKClientConnectionError as error:
        raise SourceUnavailable("the issuer", "it does not give its keys") from error
    except (InvalidTokenError, PyJWKClientError) as error:
        raise TokenRefused(type(error).__name__) from None
    except PyJWTError as error:  # a set without a key that could be used
        raise SourceUnavailable("the issuer", "it gives no keys that sign") from error
    if wanted.scopes and not scopes_of(claims).intersection(wanted.scopes):
        raise ScopeMissing("the token has none of the scopes")
    return str(claims.get("sub") or "caller")


def scopes_of(claims: dict[str, Any]) -> set[str]:
    """What a token is for: words of a text, or a list."""
    said = [claims.get(name) for name in _SCOPES]
    words = [each.split() if isinstance(each, str) else each for each in said if isinstance(each, str | list)]
    return {word for each in words for word in each if isinstance(word, str)}


def _claims(token: str, wanted: Wanted, keys: PyJWKClient) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ALGORITHMS or not header.get("kid"):
        raise jwt.InvalidAlgorithmError  # before anything is fetched for it
    return jwt.decode(
        token,
        keys.get_signing_key(header["kid"]),
        algorithms=ALGORITHMS,
        issuer=wanted.issuer,
        audience=wanted.audience,
        leeway=_LEEWAY_S,
        options={"require": ["exp", "iss", "aud"]},
    )


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: who can send us to an address that is not encrypted could say there which keys are the issuer's."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _described(address: str) -> dict[str, Any]:
    try:
        with urllib.request.build_opener(_Straight).open(address, timeout=_PATIENCE_S) as answer:
            return dict(json.load(answer))
    except (OSError, ValueError) as error:
        raise SourceUnavailable("the issuer", f"{address} describes nobody") from error
