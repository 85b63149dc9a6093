"""The champion's pointer moves only from where the mover saw it."""

import pytest

from holdfast.errors import StorageUnavailable
from holdfast.registry import MemoryRegistry

NOW = "2026-06-01T03:00:00+00:00"


def test_nobody_serves_before_the_first_promotion() -> None:
    assert MemoryRegistry().champion() is None


def test_each_promotion_remembers_who_served_before() -> None:
    registry = MemoryRegistry()

    for version in ("a", "b", "c"):
        registry.promote(version, "run", NOW, registry.champion())

    champion = registry.champion()
    assert champion is not None
    assert (champion.version, champion.history) == ("c", ("a", "b"))


def test_a_rollback_is_a_promotion_of_an_earlier_version() -> None:
    registry = MemoryRegistry()
    for version in ("a", "b", "a"):
        registry.promote(version, "run", NOW, registry.champion())

    assert registry.champion().version == "a"  # type: ignore[union-attr]


def test_a_promotion_is_refused_when_another_came_first() -> None:
    registry = MemoryRegistry()
    registry.promote("a", "run", NOW, None)
    seen = registry.champion()
    registry.promote("b", "run", NOW, seen)

    with pytest.raises(StorageUnavailable, match="compared again"):
        registry.promote("c", "run", NOW, seen)
    with pytest.raises(StorageUnavailable, match="compared again"):
        registry.promote("c", "run", NOW, None)
