"""The token of a source: as its secret holds it, or got with what its secret holds; read once more when it is refused."""

from dataclasses import dataclass, field

from holdfast.errors import ConfigurationInvalid
from holdfast.source_secrets import Exchange, Secret, token_of

LOST = frozenset({"token_revoked", "token_blocked", "token_not_found", "token_unauthorized"})
"""Codes of Intercom for tokens that no second look brings back."""
EXPIRED = "token_expired"


@dataclass
class Token:
    """What is sent as bearer."""

    secret: Secret
    _sent: str = field(default="", repr=False)

    def current(self, exchange: Exchange) -> str:
        """The token to send."""
        if not self._sent:
            self._sent = token_of(self.secret, exchange)
        return self._sent

    def renewed(self, exchange: Exchange, said: str) -> str:
        """Another token than the one that was refused: somebody may have rotated it, and an access token lives for minutes.

        Raises:
            ConfigurationInvalid: the secret still holds what was refused; `said` is how the source's own trace ends the sentence.
        """
        refused, self._sent = self._sent, ""
        if self.current(exchange) == refused:
            raise self.useless(said)
        return self._sent

    def useless(self, said: str) -> ConfigurationInvalid:
        """What to raise for a token that is refused after a second look; `said` ends the first half of its sentence."""
        source = self.secret.source
        return ConfigurationInvalid(
            f"{source} refused us (HTTP 401): it does not accept the token{said}; put a valid one into the secret "
            f"{self.secret.id} with `holdfast secret set {source}`, then `holdfast redrive`"
        )


def may_be_renewed(status: int, codes: frozenset[str]) -> bool:
    """Whether a refused token is worth a second look at its secret."""
    return (status == 401 or EXPIRED in codes) and not codes & LOST
