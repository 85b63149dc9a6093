"""What the states of `Nightly` say to each other: references and counts, never data.

The execution's own document grows by one entry per state: `plan`, `ingested`, `scrubbed`, `validated`, `transformed`, `features`,
`trained`, `promoted`, `scored`, `reported`. Every key below is an object key in the artifacts bucket unless it says otherwise.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from holdfast.reading import known

DONE, AGAIN, WAIT = "done", "again", "wait"


def landed_key(run: str, batch: str, part: str = "") -> str:
    """Where Ingest says what came of a batch of log files, or of one file of it (`part`)."""
    return f"work/{run}/landed/{name_of_batch(batch)}{part}.json"


def failed_key(run: str, batch: str, part: str) -> str:
    """Where Ingest says why one file of a batch cannot be read."""
    return f"work/{run}/failed/{name_of_batch(batch)}{part}.json"


def name_of_batch(batch: str) -> str:
    """`usage-` of `work/<run>/usage-003.json`: what its parts are called after."""
    return batch.rpartition("/")[2].rpartition("-")[0] + "-"


def manifest_key(run: str, table: str) -> str:
    """Where Ingest says in the landing bucket what the landed files of an API's stream are worth."""
    return f"manifests/run={run}/{table}.json"


@dataclass(frozen=True)
class Message:
    """Base of all: reads what it knows and ignores the rest, so that an older message reaches newer code and the reverse."""

    @classmethod
    def parse(cls, event: dict[str, Any]) -> Self:
        return known(cls, event)

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
    places: list[int] = field(default_factory=list)
    """Of its files in that list: what is counted through where each is read alone."""
    only: int = -1
    """The one file of the batch that is meant, by its place in the list; -1 for all."""
    failure: dict[str, str] = field(default_factory=dict)
    """Why that one file cannot be read, as a Catch says it: then it is only to be noted."""
    waits: int = 0
    """How often the state machine has waited for the source in this run."""

    @property
    def table(self) -> str:
        """The landing table: `hubspot_contacts`, `usage_events`."""
        return f"{self.source}_{self.stream}"

    @property
    def part(self) -> str:
        """What the files that land of a batch, or of one file of it, are called: `003`, `003-0007`."""
        number = self.batch.rpartition("-")[2].removesuffix(".json")
        return number if self.only < 0 else f"{number}-{self.only:04}"


@dataclass(frozen=True)
class Planned(Message):
    """Output of `Plan`."""

    run: str
    extracts: list[dict[str, Any]]
    """What is pulled one by one: streams of APIs, tables of customers."""
    tables: list[str]
    batches: str = ""
    """Key of the JSON list of extracts that are fanned out: batches of log files."""
    batched: int = 0
    """How many."""


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
class Reconciled(Message):
    """Output of `Reconcile`: lines and rows of the run's log files, files that failed for good, and changes of schemas."""

    rows: int
    rejected: int
    failed: int
    gap: int
    changes: int


@dataclass(frozen=True)
class Scrubbed(Message):
    """Output of `Scrub`: rows of people who were forgotten that the run pulled anew, and that went no further."""

    rows: int


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
    """Output of `Transform`: rows that entered the lake, and the cutoff of this run as an ISO date-time in UTC.

    `gap` are rows of usage logs of which nobody knows what became of them. `contradictions` are counts of where the sources
    disagree on who somebody is, by kind.
    """

    rows: int
    as_of: str
    snapshots: dict[str, int]
    gap: int = 0
    activity_rows: int = 0
    """Rows of all activity tables together: from a configured number on another engine groups them first."""
    contradictions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FeaturesWanted(Message):
    """Input of `Features`: what Transform answered, and what the execution was started with."""

    run: str
    as_of: str
    snapshots: dict[str, int] = field(default_factory=dict)
    input: dict[str, Any] = field(default_factory=dict)
    cells: str = ""
    """Prefix in the landing bucket under which another engine has grouped the activity; nothing where it is read as it is."""

    @property
    def again(self) -> str:
        """The past run that this one makes again; nothing for any other."""
        return str(self.input.get("again", ""))


@dataclass(frozen=True)
class Grouping(Message):
    """Output of `Group`: where another engine finds what it is to group (an address), and the prefix under which it puts the groups."""

    request: str
    cells: str
    rows: int


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
    attempt: int = 0
    """How often the state has tried before."""


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
    execution: str = ""
    """ARN of the execution: of it Step Functions knows when it began and which states it entered."""
    again: bool = False
    """Whether the page is made anew by hand: what the run cost stays as it was told."""


@dataclass(frozen=True)
class Reported(Message):
    """Output of `Report`."""

    report: str
    usd: float = 0.0
    """What the run has cost."""
