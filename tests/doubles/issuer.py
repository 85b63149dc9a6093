"""An issuer of tokens as Auth0, Okta or Entra are one: a server over HTTP that describes itself and gives its keys."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.doubles.served import Answering, served

AUDIENCE, SCOPE = "https://scores.example.com", "scores/read"
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Issuer:
    """`address` is its `iss`; `asked` are the paths that it was asked for. While `down` it answers 503."""

    address: str = ""
    keys: dict[str, Private] = field(default_factory=dict)
    """By `kid`."""
    asked: list[str] = field(default_factory=list)
    down: bool = False
    moved: bool = False
    """Whether it sends everybody elsewhere: to itself, by another path."""

    def token(self, kid: str = "a", key: Any = None, algorithm: str = "", **said: Any) -> str:
        """One that is right, but for what is said otherwise: a claim that is None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": AUDIENCE,
            "sub": "crm",
            "exp": now + 600,
            "iat": now,
            "scope": SCOPE,
        } | said
        key = key or self.keys[kid]
        algorithm = algorithm or ("RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid})

    def told(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.address, "jwks_uri": f"{self.address}/keys"}
        return {"keys": [_public(kid, key) for kid, key in self.keys.items()]}


def _public(kid: str, key: Private) -> dict[str, Any]:
    kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}  # type: ignore[arg-type]


@contextmanager
def issuing() -> Iterator[Issuer]:
    """One that answers on this machine, with a key of each kind: `a` (RSA) and `e` (elliptic curve)."""
    issuer = Issuer(keys={"a": rsa_key(), "e": ec.generate_private_key(ec.SECP256R1())})

    class Keys(Answering):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            elsewhere = {"Location": f"{issuer.address}/elsewhere"} if issuer.moved else None
            status = 503 if issuer.down else 302 if issuer.moved else 200
            self.say(status, json.dumps(issuer.told(self.path)).encode(), elsewhere)

    with served(Keys) as place:
        issuer.address = f"http://{place}"
        yield issuer
