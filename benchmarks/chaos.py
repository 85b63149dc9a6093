"""The chain on a deployed stack of its own under seeded faults: after a redrive or the next night every table is as without them.

    make chaos RUNS=20 SEED=0
    make chaos SEED=17 RUNS=1 ARGS="--fresh"    one schedule once more

What each seed came to is kept under `.build/chaos/seeds`, so that a long series goes on where it ended. The last line is JSON:
how many schedules were run, how often each kind of fault was in one, and how many rows were lost or are there too often.
"""

import argparse
import hashlib
import json
import signal
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import chaos_sums
from benchmarks.chaos_faults import drawn
from benchmarks.chaos_files import dated
from benchmarks.chaos_nights import Base, Player, Story, prepared, waited
from benchmarks.chaos_snapshot import Snapshot, taken
from benchmarks.chaos_stage import Stage
from infra.cli.demo import start_night
from infra.packaging import BUILD

FOLDER = BUILD / "chaos"


def main() -> None:
    """Play every seed that has not been played, and say what all of them came to."""
    wanted = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # so that the stage is cleared
    seeds = range(wanted.seed, wanted.seed + wanted.runs)
    (FOLDER / "seeds").mkdir(parents=True, exist_ok=True)
    due = [seed for seed in seeds if wanted.fresh or not _kept(seed).exists()]
    if due:
        with Stage(FOLDER / str(wanted.port), wanted.port, wanted.customers) as stage:
            _played(stage, due)
    answer = summed([json.loads(_kept(seed).read_text()) for seed in seeds])
    print(json.dumps(answer))
    sys.exit(bool(answer["rows_lost_or_duplicated"] or answer["not_mended"]))


def bases(stage: Stage) -> dict[str, Base]:
    """Both nights as they are without faults."""
    return {
        "first": first_night(stage),
        "second": _calm(stage, _next_day(stage, taken(stage.deployment)), advanced=True),
    }


def first_night(stage: Stage) -> Base:
    """The night into an empty lake, as it is without faults."""
    return _calm(stage, taken(stage.deployment, stage.deployment.uploads_bucket), advanced=False)


def summed(stories: list[dict[str, Any]]) -> dict[str, Any]:
    """What some stories came to."""
    faults = Counter(fault["kind"] for story in stories for fault in story["faults"])
    mended = Counter(story["mended"][-1] if story["mended"] else "itself" for story in stories)
    wrong = [each for story in stories for each in story["wrong"]]
    return {
        "runs": len(stories),
        "faults": dict(sorted(faults.items())),
        "mended_by": dict(sorted(mended.items())),
        "not_mended": [story["seed"] for story in stories if not well(story)],
        "rows_compared": sum(story["rows"] for story in stories),
        "rows_lost_or_duplicated": sum(each["lost"] + each["extra"] for each in wrong),
    }


def well(story: dict[str, Any]) -> bool:
    """Whether the last run succeeded, or one of two at once."""
    return "SUCCEEDED" in (story["ended"][-1:] if story["mended"] or story["night"] == "both" else story["ended"])


def _played(stage: Stage, due: list[int]) -> None:
    without = frozenset() if stage.bounded else frozenset({"disk_full"})
    if without:
        print("disk_full is left out: only root may bound the disk of the functions", flush=True)
    player = Player(stage, bases(stage))
    for seed in due:
        story = player.lived(drawn(seed, without))
        _kept(seed).write_text(json.dumps(asdict(story), indent=1))
        print(_line(story), flush=True)


def _calm(stage: Stage, before: Snapshot, *, advanced: bool) -> Base:
    prepared(stage, before, advanced=advanced)
    ended = waited(stage, start_night(stage.deployment))
    if ended != "SUCCEEDED":
        raise SystemExit(f"a night without faults ended otherwise: {ended}")
    return Base(before, chaos_sums.sums(stage.deployment), dict(stage.door.counted()), advanced)


def _next_day(stage: Stage, night: Snapshot) -> Snapshot:
    """The same with log lines of one day more."""
    uploads = stage.deployment.uploads_bucket
    bucket, last = max(each for each in night.objects if each[0] == uploads)
    body = dated(night.objects[bucket, last][1], 7)
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    return replace(night, objects=night.objects | {(uploads, last.replace("usage-", "usage-next-")): (etag, body)})


def _line(story: Story) -> str:
    """A story in a line."""
    told = ", ".join(" ".join(filter(None, (each["kind"], each["where"]))) for each in story.faults)
    how = " → ".join(each.split(" ")[0].rstrip(":") for each in story.ended)
    wrong = "; ".join(f"{each['table']} lacks {each['lost']}, has {each['extra']} too many" for each in story.wrong)
    return f"{story.seed:5} {story.night:6} {story.seconds:6.1f} s  {told}: {how}{', ' + ', '.join(story.mended) if story.mended else ''}; {wrong or 'equal'}"


def _kept(seed: int) -> Path:
    return FOLDER / "seeds" / f"{seed:05}.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="schedules (20)")
    parser.add_argument("--seed", type=int, default=0, help="of the first schedule; the others follow (0)")
    parser.add_argument("--customers", type=int, default=60, help="of the world (60)")
    parser.add_argument("--port", type=int, default=4785, help="the first of four (4785)")
    parser.add_argument("--fresh", action="store_true", help="play seeds again that were played before")
    return parser.parse_args()


if __name__ == "__main__":
    main()
