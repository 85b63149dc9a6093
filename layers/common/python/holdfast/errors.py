"""Every error that a step may raise, drawn as one family.

HoldfastError
├── Transient              worth another try: the state machine retries it with backoff and jitter
│   ├── SourceThrottled        a source answered 429; `retry_after` says how long it wants us to wait
│   ├── SourceUnavailable      a source did not answer, or answered 5xx
│   ├── StorageUnavailable     S3, DynamoDB, Glue or Secrets Manager throttled us or did not answer
│   ├── TrainingInterrupted    the machine that trained was taken away
│   ├── TrainingOutOfMemory    the training job wanted more memory than it had; tried once more, with more
│   └── TableBusy              another writer holds a table of the lake, or was faster
└── Terminal               trying again changes nothing: the run stops and alerts
    ├── ConfigurationInvalid   holdfast.toml, a suite or a feature definition says something impossible
    ├── SourceRefused          a source does not accept our token or our request
    ├── SourceGarbled          a source answered something that is not what its API promises
    ├── NoData                 nothing arrived where something has to be
    ├── SuiteFailed            an expectation of severity `halt` does not hold
    ├── TrainingRefused        the data cannot carry a model (too few churners, one class only)
    ├── ErasureUnfinished      forgetting somebody was cut short by something unforeseen
    ├── TrainingCrashed        the training job ended by a signal that nobody sent
    ├── StateLost              keys or erasures that there were are no longer there: they have to be put back first
    ├── DiskFull               a function's disk cannot hold what it works on
    ├── LakeDamaged            what was written to the lake is not what was read from it
    ├── BundleInvalid          a model bundle's checksum or format is not what its manifest says
    ├── RunDiffers             a run that is made again is not what it was
    ├── RunFailed              the run ended in its failure state; the alert says why
    └── UnknownCustomer        no score is held for the customer asked for

Step Functions compares the concrete class's name and never a base class, so the Retry lists of the state machine are made
from `transient_names()`.
"""


class HoldfastError(Exception):
    """Base of the family: catch it at the edge of the command line only."""


class Transient(HoldfastError):
    """Worth another try."""


class Terminal(HoldfastError):
    """Trying again changes nothing."""


class SourceThrottled(Transient):
    """When a source answered 429 until our patience inside one invocation was spent."""

    def __init__(self, source: str, retry_after: float, said: str = "") -> None:
        super().__init__(f"{source} throttles us and wants {retry_after:.0f} s of quiet{said}")
        self.source = source
        self.retry_after = retry_after


class SourceUnavailable(Transient):
    """When a source did not answer, or answered 5xx."""

    def __init__(self, source: str, what: str) -> None:
        super().__init__(f"{source} cannot be reached: {what}")
        self.source = source


class StorageUnavailable(Transient):
    """When an AWS service throttled us or did not answer."""


class TableBusy(Transient):
    """When another writer holds a table of the lake, or was faster."""


class TrainingInterrupted(Transient):
    """When the machine that trained was taken away, as a spot machine may be."""


class TrainingOutOfMemory(Transient):
    """When the training job wanted more memory than it had."""


class ConfigurationInvalid(Terminal):
    """When a file that people edit says something impossible; the message names file, line, key and what is allowed."""

    def __init__(self, message: str, key: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.key = key
        """Which key of holdfast.toml it is about, where whoever found it did not have the file."""


class SourceRefused(Terminal):
    """When a source does not accept our token or our request."""

    def __init__(self, source: str, status: int, advice: str, codes: frozenset[str] = frozenset()) -> None:
        super().__init__(f"{source} refused us (HTTP {status}): {advice}")
        self.source = source
        self.status = status
        self.codes = codes
        """The source's own words for why, in lower case."""


class SourceGarbled(Terminal):
    """When a source answered something that is not what its API promises."""

    def __init__(self, source: str, what: str) -> None:
        super().__init__(f"{source} answered garbage: {what}")
        self.source = source


class NoData(Terminal):
    """When nothing arrived where something has to be."""


class SuiteFailed(Terminal):
    """When an expectation of severity `halt` does not hold."""

    def __init__(self, table: str, failures: list[str]) -> None:
        super().__init__(f"table {table} failed its suite: {'; '.join(failures)}")
        self.table = table
        self.failures = failures


class TrainingRefused(Terminal):
    """When the data cannot carry a model."""


class TrainingCrashed(Terminal):
    """When the training job ended by a signal that nobody sent."""


class StateLost(Terminal):
    """When keys of the pseudonyms or erasures are gone of which the artifacts have a copy; the message says what puts them back."""


class DiskFull(Terminal):
    """When a function's disk cannot hold what it works on."""


class LakeDamaged(Terminal):
    """When rows do not come out as they went in; nothing was committed."""


class ErasureUnfinished(Terminal):
    """When forgetting somebody was cut short by something unforeseen; the message says where, and nothing of what was read."""


class BundleInvalid(Terminal):
    """When a model bundle is not what its manifest says."""


class RunDiffers(Terminal):
    """When a run that is made again is not what it was; the message says in what."""


class RunFailed(Terminal):
    """When a run ended in its failure state."""


class UnknownCustomer(Terminal):
    """When no score is held for the customer asked for."""


def _concrete(base: type[HoldfastError]) -> list[str]:
    return sorted(child.__name__ for child in base.__subclasses__())


def transient_names() -> list[str]:
    """Names that a Retry may list."""
    return _concrete(Transient)


def terminal_names() -> list[str]:
    """Names that no Retry may list."""
    return _concrete(Terminal)
