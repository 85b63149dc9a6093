"""`make bench-drift`: how often the drift rule alerts for nothing in a year, how soon it finds a shift, and what the retrain is worth.

A company of constant size on the demo world's law of behaviour (`drift_world`: reduced to 26 features a day), each seed for 12 months of service. What is
measured is the product's: trainer, rule, comparison of champion and challenger. What was measured of a seed is kept in `.build`, so that a run can be cut short.
"""

import argparse
import json
import multiprocessing
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drift_kinds import LARGE, SMALL
from benchmarks.drift_loop import HISTORY_WEEKS, Loop, Served, Watch, trained
from benchmarks.drift_world import Life, company

FOLDER = Path(".build/bench-drift")
SERVICE_DAYS, BEFORE_WEEKS = 365, 4
WEEKS_LOOKED = {"adoption": 2, "sudden": 6, "gradual": 12, "seasonal": 12, "covariate": 2, "concept": 20}
_AFTER = range(40, 51, 2)
"""Weeks after the change in which accuracy is taken: the last quarter of the year."""
_TENTH = 0.1
_SECONDS = {"year": 10, "shifts": 15, "loops": 150}
"""What a seed takes of a core: each part gets on as fast as the others, so that a run that is cut short knows something of all."""


def main() -> None:
    """Measure, print a table, and end with one line of JSON."""
    options = _options()
    wanted = {"loops": options.loops, "shifts": options.shifts, "year": options.seeds}
    jobs = [(part, options.customers, seed) for part, seeds in wanted.items() for seed in range(seeds)]
    jobs.sort(key=lambda job: job[2] * _SECONDS[job[0]])
    told: dict[str, list[dict[str, Any]]] = {"year": [], "shifts": [], "loops": []}
    with multiprocessing.Pool(options.processes) as pool:
        for number, (part, found) in enumerate(pool.imap_unordered(_kept, jobs), 1):
            told[part].append(found)
            if number % 20 == 0:
                print(f"{number} of {len(jobs)}", flush=True)
    print(json.dumps(_summary(told, options)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=12_000, help="places of the company; nine of ten are active")
    parser.add_argument("--seeds", type=int, default=200, help="years without a change")
    parser.add_argument("--shifts", type=int, default=200, help="seeds whose world changes a little, in each way")
    parser.add_argument(
        "--loops", type=int, default=200, help="seeds whose world changes much, with and without retrain"
    )
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def _kept(job: tuple[str, int, int]) -> tuple[str, dict[str, Any]]:
    part, customers, seed = job
    path = FOLDER / f"{part}-{customers}-{seed}.json"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        making.write_text(json.dumps(_PARTS[part](*_deployed(customers, seed))))
        making.rename(path)
    return part, json.loads(path.read_text())


def _deployed(customers: int, seed: int) -> tuple[Life, Served]:
    """A life up to the day on which its first model serves."""
    life = company(customers, seed)
    life.live(HISTORY_WEEKS)
    return life, trained(life, life.day)


def _year(life: Life, served: Served) -> dict[str, Any]:
    """Twelve months in which nothing changes: on which days something is called drifted."""
    first = life.day
    life.live(SERVICE_DAYS // 7 + 1)
    watch = Watch(life, served)
    found = {
        day - first: sorted(watch.drifted)
        for day in range(first, first + SERVICE_DAYS)
        if watch.look(day) and watch.drifted
    }
    return {"alerts": found, "rows": len(watch.said[first][0])}


def _shifts(life: Life, served: Served) -> dict[str, Any]:
    """Small changes a month after deployment: when each is found, and how far columns have moved on each day until then."""
    first = life.day
    life.live(BEFORE_WEEKS)
    calm = life.branch()
    calm.live(max(WEEKS_LOOKED.values()))
    usual = Watch(calm, served)
    before = [_means(usual, day) for day in range(first, first + 7 * (BEFORE_WEEKS + max(WEEKS_LOOKED.values())))]
    found = {}
    for kind, change in SMALL.items():
        other = life.branch()
        other.live(WEEKS_LOOKED[kind], change)
        watch = Watch(other, served, said={day: usual.said[day] for day in range(first, life.day)})
        found[kind] = _found(watch, life.day, before[life.day - first :], WEEKS_LOOKED[kind] * 7)
    return {"kinds": found}


def _found(watch: Watch, first: int, usual: list[dict[str, float]], days: int) -> dict[str, Any]:
    watch.look(first - 1)
    alert, moved = None, []
    for day in range(first, first + days):
        now = _means(watch, day)
        moved.append({name: round(now[name] - usual[day - first][name], 5) for name in now})
        if alert is None and watch.drifted:
            alert = day - first
    return {"alert": alert, "moved": moved}


def _means(watch: Watch, day: int) -> dict[str, float]:
    """Mean of every column in standard deviations of its own; of the calibration, by how much more happened than was said."""
    found = {shift.name: shift for shift in watch.look(day)}
    return watch.standardised(found)


def _loops(life: Life, served: Served) -> dict[str, Any]:
    """Large changes a month after deployment: AUC in the last quarter with the loop, without it, and where nothing changed."""
    first = life.day
    life.live(BEFORE_WEEKS)
    days = [life.day + 7 * week for week in _AFTER]
    calm = life.branch()
    calm.live(max(_AFTER) + 9)
    told: dict[str, Any] = {"calm": _accuracy(Watch(calm, served), days)}
    for kind, change in LARGE.items():
        other = life.branch()
        other.live(max(_AFTER) + 9, change)
        frozen = _accuracy(Watch(other, served), days)
        loop, areas, begun = Loop(Watch(other, served)), [], first
        for day in days:
            loop.run(begun, day)
            areas.append(loop.watch.accuracy(day))
            begun = day
        answered = [(day - life.day, won) for day, won in loop.answered]
        told[kind] = {"frozen": frozen, "loop": float(np.mean(areas)), "answered": answered}
    return told


def _accuracy(watch: Watch, days: Iterable[int]) -> float:
    return float(np.mean([watch.accuracy(day) for day in days]))


_PARTS = {"year": _year, "shifts": _shifts, "loops": _loops}


def _summary(told: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> dict[str, Any]:
    years = told["year"]
    print(f"\nno change: {sum(bool(year['alerts']) for year in years)} of {len(years)} years with an alert")
    return {
        "customers": options.customers, "active": round(float(np.mean([year["rows"] for year in years]))), "features": 26,
        "seeds": len(years), "false_alert_share": float(np.mean([bool(year["alerts"]) for year in years])),
        **_days(told["shifts"]), **_gaps(told["loops"]),
    }  # fmt: skip


def _days(shifts: list[dict[str, Any]]) -> dict[str, Any]:
    """Days from when a column has moved by a tenth of its standard deviation, mean over seeds, until the alert."""
    days, soon = {}, {}
    for kind in SMALL if shifts else ():
        begins = _begins([each["kinds"][kind]["moved"] for each in shifts])
        alerts = [each["kinds"][kind]["alert"] for each in shifts]
        after = [np.inf if alert is None or begins is None else max(alert - begins, 0) for alert in alerts]
        middle = float(np.median(after))
        days[kind], soon[kind] = middle if np.isfinite(middle) else None, float(np.mean(np.array(after) <= 3))
        print(
            f"{kind:10} a tenth on day {begins}; found by day 3 after it: {soon[kind]:.1%}, median {days[kind]}, alerts {sorted(filter(None, alerts))[:5]} … {sorted(filter(None, alerts))[-3:]}"
        )
    return {"shift_seeds": len(shifts), "days_to_alert": days, "found_within_3_days": soon}


def _begins(moved: list[list[dict[str, float]]]) -> int | None:
    for day, columns in enumerate(moved[0]):
        if max(abs(float(np.mean([each[day][name] for each in moved]))) for name in columns) >= _TENTH:
            return day
    return None


def _gaps(loops: list[dict[str, Any]]) -> dict[str, Any]:
    """How much less AUC than where nothing changed, as a share of it."""
    after, without = {}, {}
    for kind in LARGE if loops else ():
        calm = float(np.mean([each["calm"] for each in loops]))
        after[kind] = round(1 - float(np.mean([each[kind]["loop"] for each in loops])) / calm, 4)
        without[kind] = round(1 - float(np.mean([each[kind]["frozen"] for each in loops])) / calm, 4)
        runs = np.mean([len(each[kind]["answered"]) for each in loops])
        print(
            f"{kind:10} AUC lost: {after[kind]:.2%} with the retrain, {without[kind]:.2%} without; {runs:.1f} retrains in the year"
        )
    return {"loop_seeds": len(loops), "accuracy_gap_after_retrain": after, "accuracy_gap_without": without}


if __name__ == "__main__":
    main()
