"""What another version of the code wrote is read."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest

from holdfast.reading import known


@dataclass(frozen=True)
class Place:
    bucket: str
    key: str = "all"


class Size(NamedTuple):
    rows: int
    rejected: int = 0


@pytest.mark.parametrize(
    ("kind", "said", "read"),
    [
        pytest.param(Place, {"bucket": "b", "key": "k"}, Place("b", "k"), id="the same version"),
        pytest.param(Place, {"bucket": "b", "region": "eu"}, Place("b"), id="a newer one says more"),
        pytest.param(Place, {"bucket": "b"}, Place("b", "all"), id="an older one says less"),
        pytest.param(Size, {"rows": 3, "bytes": 9}, Size(3), id="a named tuple"),
    ],
)
def test_what_is_known_is_read_and_the_rest_is_left(kind: type, said: dict, read: object) -> None:
    assert known(kind, said) == read


def test_what_has_to_be_said_and_is_not_is_no_document() -> None:
    with pytest.raises(TypeError, match="bucket"):
        known(Place, {"key": "k"})
