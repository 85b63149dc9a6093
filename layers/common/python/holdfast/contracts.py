"""What the states of `Nightly` say to each other: references and counts, never data.

The execution's own document grows by one entry per state: `plan`, `ingested`, `validated`, `transformed`, `features`,
`trained`, `promoted`, `scored`, `reported`. Every key below is an object key in the artifacts bucket unless it says otherwise.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

DONE, AGAIN, WAIT = "done", "again", "wait"


def manifest_key(run: str, table: str) -> str:
    """Where Ingest says in the landing bucket what the landed files of an API's stream are worth."""
    return f"manifests/run={run}/{table}.json"


@dataclass(frozen=True)
class Message:
    """Base of all: reads what it knows and ignores the rest, so that an older message reaches newer code and the reverse."""

    @classmethod
    def parse(cls, event: dict[str, Any]) -> Self:
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in event.items() if key in known})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Begun(Message):
    """Input of `Plan`: the run's name, and what the execution was started with."""

    run: str
    input: dict[str, Any] = field(default_factory=dict)

    @property
    def only(self) -> str:
        """The one stream (`source/stream`) that is wanted; nothing for a whole night."""
        return str(self.input.get("stream", ""))


@dataclass(frozen=True)
class Extract(Message):
    """One thing to pull: a stream of a source, or one batch of its files. Input of `Ingest`."""

    run: str
    source: str
    stream: str
    batch: str = ""
    """Key of the JSON list of files, for sources that are files."""

    @property
    def table(self) -> str:
        """The landing table: `hubspot_contacts`, `usage_events`."""
        return f"{self.source}_{self.stream}"


@dataclass(frozen=True)
class Planned(Message):
    """Output of `Plan`."""

    run: str
    extracts: list[dict[str, Any]]
    tables: list[str]


@dataclass(frozen=True)
class Landed(Message):
    """Output of `Ingest`, beside its input. Rejected rows could not be parsed and lie in quarantine."""

    table: str
    rows: int
    rejected: int = 0
    next: str = DONE
    """`done`, or what the chain does before it invokes Ingest again: nothing (`again`), or `wait`."""
    wait_until: str = ""
    """ISO date-time in UTC."""


@dataclass(frozen=True)
class TableOfRun(Message):
    """Input of `Validate`."""

    run: str
    table: str


@dataclass(frozen=True)
class Verdict(Message):
    """Output of `Validate`; `files` lists the landing files that passed (keys in the landing bucket)."""

    table: str
    rows: int
    quarantined: int
    files: str


@dataclass(frozen=True)
class RunOnly(Message):
    """Input of `Transform` and of every state that needs nothing but the run's name."""

    run: str


@dataclass(frozen=True)
class Transformed(Message):
    """Output of `Transform`: rows that entered the lake, and the cutoff of this run as an ISO date-time in UTC."""

    rows: int
    as_of: str
    snapshots: dict[str, int]


@dataclass(frozen=True)
class FeaturesWanted(Message):
    """Input of `Features`."""

    run: str
    as_of: str


@dataclass(frozen=True)
class Featured(Message):
    """Output of `Features`: tables `training_examples` and `features` at these snapshots, described by `feature_set`."""

    rows: int
    feature_set: str
    examples_snapshot: int
    features_snapshot: int
    as_of: str


@dataclass(frozen=True)
class TrainingWanted(Message):
    """Input of `Train`, with the token that the job answers to."""

    run: str
    feature_set: str
    examples_snapshot: int
    as_of: str
    task_token: str


@dataclass(frozen=True)
class Trained(Message):
    """Output of `Train`: the bundle's version; its files lie under `bundles/<version>/`."""

    bundle: str
    rows: int


@dataclass(frozen=True)
class PromotionWanted(Message):
    """Input of `Promote`."""

    run: str
    bundle: str
    examples_snapshot: int


@dataclass(frozen=True)
class Promoted(Message):
    """Output of `Promote`."""

    champion: str
    promoted: bool
    reason: str


@dataclass(frozen=True)
class ScoringWanted(Message):
    """Input of `ScoreAll`."""

    run: str
    champion: str
    features_snapshot: int
    as_of: str


@dataclass(frozen=True)
class Scored(Message):
    """Output of `ScoreAll`: table `scores` at this snapshot, and the key of the ranking that the API lists from."""

    rows: int
    scores_snapshot: int
    ranking: str


@dataclass(frozen=True)
class ReportWanted(Message):
    """Input of `Report`."""

    run: str
    champion: str
    scores_snapshot: int
    as_of: str


@dataclass(frozen=True)
class Reported(Message):
    """Output of `Report`."""

    report: str
