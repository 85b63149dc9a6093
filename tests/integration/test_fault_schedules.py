"""Whatever goes wrong on the way, what is held in the end is the same row for row: every stream, against servers over real HTTP."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.doubles.mortal import Fate
from tests.integration.stories import SOURCES, Chain, Rows, Server, luck, streams

HOUR = 3600
PASSING = ("bad_gateway_502", "timeout_504", "cut", "rate_ten_secondly", "expired_token")
KINDS = {
    "hubspot": (*PASSING, "rate_secondly", "rate_daily", "locked_423", "migrating_477", "partial_207"),
    "intercom": (*PASSING, *3 * ("scroll_exists", "scroll_expired")),
    "subscriptions": (*PASSING, "locked_423"),
}
"""What can befall a request of each source; a scroll is rare, and so its faults are not."""
MET = {"hubspot": {"killed", "search_lag", "search_cap"}, "intercom": {"killed", "search_lag", "whole_days"},
       "subscriptions": {"killed"}}  # fmt: skip
"""What else a story meets: being killed, and searches that show less than there is."""
ENDS = ("increments", "whole", "lagging")
"""Stories: two pulls of changes after the first; one, and after more than a week a whole one; the same behind a slow search."""
TOGETHER = 5
"""Streams of one schedule; the next one of the same source takes the next ones."""
ALL = 100
"""So many schedules meet everything that there is to meet."""
REMEMBERED = 75 * 24 * HOUR
LAG = 600
"""Seconds for which a search does not see what happened last, which was in the five minutes before the pull."""
RUNS = ("first", "second", "third")
SMALL = {"page_at_most": 12, "search_cap": 12, "events_page": 150, "association_page": 1, "scroll_page": 3}
SIZES = {"hubspot": SMALL, "intercom": SMALL | {"page_at_most": 20}, "subscriptions": {"page_at_most": 50}}
Story = dict[str, Rows]


@pytest.fixture(scope="session")
def without_faults() -> dict[tuple[str, str, str], Story]:
    """What each story comes to for each stream when nothing goes wrong, kept for all schedules."""
    return {}


@pytest.fixture(scope="session")
def met() -> Counter[tuple[str, str]]:
    """How often each kind of fault befell each source, and how often each of its streams was pulled, over all schedules."""
    return Counter()


def lived(server: Server, end: str, wanted: list[str], faults: Mapping[str, Any], fate: Fate) -> Chain:
    """Three nights of some streams. What changes between them changes in hours that no night's window begins or ends in,
    however long its pull takes: what a night lands is the same then.
    """
    server.begin(SIZES[server.kind] | dict(faults))
    chain, first = Chain(server, fate), server.now + 36 * HOUR
    server.until(first - 6 * HOUR)
    server.move(4, seed=0)
    server.until(first)
    chain.night(RUNS[0], wanted)
    server.until(first + 36 * HOUR)
    server.move(4, seed=1)
    if end == "lagging":
        server.until(first + 66 * HOUR - LAG / 2)
        server.move(LAG / 2 / HOUR, seed=2)
    server.until(first + 66 * HOUR)
    chain.night(RUNS[1], wanted)
    server.until(first + 102 * HOUR)
    server.move(4, seed=3)
    server.until(first + (132 if end == "increments" else 220) * HOUR)
    chain.night(RUNS[2], wanted)
    return chain


def told(chain: Chain, end: str, wanted: list[str]) -> dict[str, Story]:
    """By stream what is held in the end, and what each night landed and removed. Behind a slow search a night may land what
    another one would have, and what came and went in between leaves no trace: there only what is left is told, without what the
    source forgets meanwhile.
    """
    if end == "lagging":
        return {
            stream: {"held": [*filter(partial(_young, chain.server.now), chain.present(stream))]} for stream in wanted
        }
    zones = {f"{zone} of the {run} night": (zone, run) for run in RUNS for zone in ("landing", "removed", "quarantine")}
    return {
        stream: {"held": chain.held(stream)} | {name: chain.landed(*each, stream) for name, each in zones.items()}
        for stream in wanted
    }


def _young(now: float, row: dict[str, Any]) -> bool:
    """Intercom forgets data events after ninety days, and one that a merge moves is another one from then on."""
    return "event_name" not in row or row["created_at"].timestamp() > now - REMEMBERED


def drawn(seed: int, kind: str, end: str) -> dict[str, Any]:
    """A schedule's faults. The wait for midnight comes once: with more of them a night would not end before the world moves on."""
    dice = np.random.default_rng([seed, 9])
    kinds, share = list(KINDS[kind]), float(dice.uniform(0.05, 0.3))
    return {
        "schedule": {"seed": seed, "share": share, "kinds": kinds, "once": ["rate_daily"]},
        "retry_after": int(dice.choice([1, 7, 75, 600])),
        "zone_hours": float(dice.integers(-11, 15)),
        "search_lag": {"seconds": LAG} if end == "lagging" else {},
    }


def differing(ours: Story, whole: Story) -> Iterator[str]:
    """What differs, and the ids of the rows that do."""
    for name, rows in whole.items():
        had, has = (Counter(map(_comparable, side)) for side in (rows, ours[name]))
        lacks, more = sorted({row[0] for row in had - has}), sorted({row[0] for row in has - had})
        if lacks or more:
            yield f"{name}: lacks or differs in {', '.join(lacks[:9]) or 'nothing'}; has instead {', '.join(more[:9]) or 'nothing'}"


def _comparable(row: dict[str, Any]) -> tuple[str, str]:
    return str(row.get("id")), repr(sorted(row.items()))


def calm_story(
    server: Server, end: str, wanted: list[str], kept: dict[tuple[str, str, str], Story]
) -> dict[str, Story]:
    """What some streams come to without faults; each is lived once."""
    missing = [stream for stream in wanted if (server.kind, end, stream) not in kept]
    if missing:
        told_now = told(lived(server, end, missing, {}, Fate(0)), end, missing)
        kept.update({(server.kind, end, stream): story for stream, story in told_now.items()})
    return {stream: kept[server.kind, end, stream] for stream in wanted}


def test_whatever_goes_wrong_what_is_held_is_the_same_row_for_row(
    fault_seed: int,
    servers: dict[str, Server],
    without_faults: dict[tuple[str, str, str], Story],
    met: Counter[tuple[str, str]],
) -> None:
    kind, turn = list(SOURCES)[fault_seed % len(SOURCES)], fault_seed // len(SOURCES)
    server, end, names = servers[kind], ENDS[turn % len(ENDS)], streams(kind)
    wanted = [names[(turn * TOGETHER + number) % len(names)] for number in range(min(TOGETHER, len(names)))]
    whole = calm_story(server, end, wanted, without_faults)
    luck(fault_seed)

    fate = Fate(fault_seed, share=0.006)
    chain = lived(server, end, wanted, drawn(fault_seed, kind, end), fate)

    met.update({(kind, each): count for each, count in (server.met() | {"killed": fate.kills}).items()})
    met.update((kind, stream) for stream in wanted)
    for stream, story in told(chain, end, wanted).items():
        said = f"seed {fault_seed}: {kind}/{stream} ({end})"
        wrong = [*differing(story, whole[stream])]
        assert not wrong, f"{said} is another than without faults: {wrong}; {again(fault_seed)}"
        untrue = [*untruths(chain.present(stream), server.truth(stream), end, timed=kind != "subscriptions")]
        assert not untrue, f"{said} is not what the source has: {untrue}; {again(fault_seed)}"


def again(seed: int) -> str:
    """How to live through one schedule once more."""
    return f"once more: pytest tests/integration/test_fault_schedules.py -k '[{seed}]' --fault-schedules {seed + 1}"


def untruths(present: Rows, truth: dict[str, Any] | None, end: str, *, timed: bool) -> Iterator[str]:
    """Ids of records that are not as the source has them, or with `timed` not in their newest version.

    What no increment sees is found by a whole pull only.
    """
    if truth is None:
        return
    there, held = {row["id"]: row["updated"] for row in truth["records"]}, {row["id"]: row for row in present}
    unseen = {*truth["deleted"], *truth["merged"]} if end == "increments" else set()
    yield from sorted(there.keys() - held.keys())
    yield from sorted(held.keys() - there.keys() - unseen)
    for each, updated in there.items():
        seconds = updated / (1000 if updated > 1e11 else 1)
        if timed and each in held and held[each]["_updated_at"].timestamp() != seconds:
            yield each


def test_everything_that_can_go_wrong_did(met: Counter[tuple[str, str]], fault_schedules: int) -> None:
    if not met:
        pytest.skip("no schedule was tried")
    if fault_schedules < ALL:
        assert {*PASSING, "killed"} <= {each for _, each in met}
    else:
        wanted = {(kind, each) for kind in SOURCES for each in (*KINDS[kind], *MET[kind], *streams(kind))}
        assert wanted <= met.keys()


@pytest.mark.parametrize("kind", SOURCES)
def test_after_a_week_of_changes_what_is_held_is_what_a_first_pull_finds(servers: dict[str, Server], kind: str) -> None:
    wanted = list(streams(kind))
    chain = lived(servers[kind], "whole", wanted, {}, Fate(0))
    fresh = Chain(servers[kind], Fate(0))
    fresh.night("fresh", wanted)

    for stream in wanted:
        if not chain.api.streams[stream].lasting:
            assert not [*differing({"held": chain.present(stream)}, {"held": fresh.present(stream)})], stream
