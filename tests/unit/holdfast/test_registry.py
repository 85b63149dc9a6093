"""The champion's pointer moves only from where the mover saw it."""

from dataclasses import replace

import pytest

from holdfast.errors import StorageUnavailable
from holdfast.registry import Champion, MemoryRegistry

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


def test_a_pin_stays_over_promotions_until_it_is_released() -> None:
    registry = MemoryRegistry()
    registry.promote("a", "run", NOW, None)
    registry.promote("a", "rollback", NOW, registry.champion(), pin="fs")
    registry.promote("b", "run", NOW, registry.champion())
    pinned = registry.champion()
    registry.promote("b", "release", NOW, pinned, pin="")

    assert pinned is not None
    assert (pinned.version, pinned.history, pinned.pinned) == ("b", ("a",), "fs")
    assert registry.champion() == replace(pinned, run="release", pinned="")


def test_a_promotion_that_did_not_see_the_pin_is_refused() -> None:
    registry = MemoryRegistry()
    registry.promote("a", "run", NOW, None)
    seen = registry.champion()
    registry.promote("a", "rollback", NOW, seen, pin="fs")

    with pytest.raises(StorageUnavailable, match="compared again"):
        registry.promote("b", "run", NOW, seen)


def test_who_served_is_put_back_where_nobody_serves() -> None:
    registry, before = MemoryRegistry(), Champion("b", "run", NOW, ("a",), "fs")

    assert registry.put_back(before)
    assert not registry.put_back(replace(before, version="c"))
    assert registry.champion() == before
