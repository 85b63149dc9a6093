"""What is remembered of earlier checks."""

from drift.memory import Check, Memory, remember, remembered
from holdfast.store import MemoryStore


def checks(*over: tuple[str, ...], bundle: str = "v1") -> Memory:
    made = Memory()
    for number, names in enumerate(over, 1):
        made = made.having(Check(f"2026-06-{number:02}", bundle, names))
    return made


def test_a_column_is_confirmed_when_it_was_over_in_every_window() -> None:
    assert checks(("a", "b"), ("b", "c")).confirmed(2) == {"b"}
    assert checks(("b",), (), ("b",)).confirmed(2) == frozenset()
    assert checks(("b",)).confirmed(2) == frozenset()
    assert checks(("b",)).confirmed(1) == {"b"}


def test_windows_against_two_bundles_confirm_nothing() -> None:
    assert checks(("b",)).having(Check("2026-06-02", "v2", ("b",))).confirmed(2) == frozenset()


def test_the_same_day_again_is_no_second_window() -> None:
    first = checks(("b",))

    again = first.before("2026-06-01").having(Check("2026-06-01", "v1", ("b",)))

    assert again == first


def test_nothing_is_told_again_until_it_has_cooled_down() -> None:
    told = Memory(told="2026-06-01")

    assert told.quiet("2026-06-14", 14)
    assert not told.quiet("2026-06-15", 14)
    assert told.quiet("2026-06-01", 0)
    assert not told.quiet("2026-06-02", 0)
    assert not Memory().quiet("2026-06-01", 14)


def test_what_is_remembered_is_read_back() -> None:
    store, memory = MemoryStore(), checks(("a",), ("a", "b"))

    assert remembered(store) == Memory()
    remember(store, memory)
    assert remembered(store) == memory


def test_only_the_last_week_is_kept() -> None:
    assert len(checks(*[("a",)] * 20).checks) == 7
