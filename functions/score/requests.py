"""What a request says, checked."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from score.problems import NotJson, RequestInvalid, TooLarge
from score.shapes import ByCustomers, ByRows, ScoresWanted

LARGEST = 4_000_000
"""Bytes of a body: API Gateway hands it to Lambda as a string in JSON, where six megabytes are the end."""
_LISTED, _MOST_LISTED = 10, 1000
_WANTED: TypeAdapter[ByCustomers | ByRows] = TypeAdapter(ScoresWanted)


def customer(named: str) -> str:
    """Whom a path means.

    Raises:
        RequestInvalid: by an email address, which is not repeated, or by nothing.
    """
    if "@" in named:
        raise RequestInvalid(
            "an email address does not belong in a URL: ask by the customer's id or pseudonym, or by POST /v1/scores"
        )
    if not named.strip() or len(named) > 256:
        raise RequestInvalid("a customer's id has 1 to 256 characters")
    return named


def limit(parameters: Mapping[str, str]) -> int:
    """How many customers of the ranking.

    Raises:
        RequestInvalid: no whole number, or out of bounds.
    """
    text = parameters.get("limit", str(_LISTED))
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= _MOST_LISTED:
        raise RequestInvalid(f"limit must be a whole number from 1 to {_MOST_LISTED}")
    return int(text)


def scores_wanted(body: str, content_type: str | None) -> ByCustomers | ByRows:
    """The body of POST /scores.

    Raises:
        NotJson: it is said to be something else.
        TooLarge: it is too long.
        pydantic.ValidationError: it is not what the document says.
    """
    kind = (content_type or "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise NotJson("send application/json")
    if len(body) > LARGEST:
        raise TooLarge(f"a body has at most {LARGEST:,} bytes: send the rows in several requests")
    return _WANTED.validate_json(body)
