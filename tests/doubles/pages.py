"""Pages for executives, made of synthetic companies by ScoreAll and Report themselves, night after night."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.bundle import save
from holdfast.contracts import ReportWanted, ScoringWanted
from holdfast.feature_set import said_of
from holdfast.lake import Lake
from holdfast.scoring import Scorer
from holdfast.settings import Scoring
from holdfast.store import MemoryStore
from report.quality import results
from report.report import report
from score.batch import SCORES, score_table
from score.held import MemoryVectors
from score.score_all import score_all
from tests.doubles.catalog import folder_lake
from tests.doubles.company import NOW, SET, a_week_before, companies, people, trained

Night = tuple[datetime, pa.Table]


@dataclass
class Nights:
    """A lake and a store in which one night follows the other."""

    lake: Lake
    store: MemoryStore
    model: str
    seconds: float = 0.0
    """How long the last report took."""

    @classmethod
    def begun(cls, folder: Path, customers: int) -> "Nights":
        lake, store = folder_lake(folder), MemoryStore()
        lake.replace("companies", companies(customers))
        return cls(lake, store, save(store, trained()))

    def night(self, when: datetime, features: pa.Table) -> str:
        """Score, report; the page."""
        if features.num_rows:
            self.lake.replace("features", features, said_of(SET, when.isoformat()))
            wanted = ScoringWanted(
                f"night-{when:%m%d}", self.model, self.lake.snapshot_id("features") or 0, when.isoformat()
            )
            score_all(wanted, self.lake, self.store, MemoryVectors(), Scoring())
        else:
            self.lake.replace("scores", SCORES.empty_table())
        return self.report(when)

    def report(self, when: datetime) -> str:
        """The page of the scores that are there."""
        wanted = ReportWanted(f"night-{when:%m%d}", self.model, self.lake.snapshot_id("scores") or 0, when.isoformat())
        started = time.perf_counter()
        answer = report(wanted, self.lake, self.store, results(self.store, wanted.run), "Acme Analytics")
        self.seconds = time.perf_counter() - started
        return self.store.objects[answer.report].decode()


def two_nights(customers: int, seed: int = 5) -> Sequence[Night]:
    """A week ago and now."""
    now = people(customers, seed)[0]
    return [(NOW - timedelta(days=7), a_week_before(now, seed)), (NOW, now)]


def nobody_leaves(customers: int) -> Sequence[Night]:
    """Only those whose risk is low."""
    now = people(customers, 5)[0]
    scores = score_table(now, Scorer.from_bundle(trained()), NOW, 1)
    calm = scores["customer_id"].filter(pc.equal(scores["band"], "low"))
    return [(NOW, now.filter(pc.is_in(now["customer_id"], calm.combine_chunks())))]


WORLDS: dict[str, Callable[[], Sequence[Night]]] = {
    "nobody": lambda: [(NOW, people(1, 5)[0].slice(0, 0))],
    "one customer": lambda: [(NOW, people(1, 5)[0])],
    "no churn": lambda: nobody_leaves(300),
    "a thousand companies": lambda: two_nights(6_000),
}


def page(folder: Path, nights: Sequence[Night], customers: int = 6_000) -> str:
    """The page of the last night."""
    made = Nights.begun(folder, customers)
    return [made.night(when, features) for when, features in nights][-1]
