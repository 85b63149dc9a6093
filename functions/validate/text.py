"""What is stored of texts that people write: never the text, but its length, its sentiment, whether it is urgent, and its topics."""

import html
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from holdfast.checked import parse_toml
from holdfast.tables import NUMBER

_FILE = Path(__file__).with_name("text.toml")
_TAG = re.compile(r"<[^<>]*>")
_LONGEST = 5_000
"""Characters that are looked into: what comes behind is quoted mails."""
PREFIX = "text_"


class Words(BaseModel):
    """The file: what makes a text urgent, and what its topics are told by."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    urgent: tuple[str, ...]
    topics: dict[str, tuple[str, ...]] = Field(max_length=20)


@lru_cache
def words() -> Words:
    """The words deployed with this function.

    Raises:
        ConfigurationInvalid: naming the key and what is allowed there.
    """
    return parse_toml(Words, _FILE.read_text(), _FILE.name)


def names(said: Words | None = None) -> list[str]:
    """Columns that are made of the texts of a record."""
    topics = (said or words()).topics
    return [f"{PREFIX}{name}" for name in ("length", "sentiment", "urgent", *(f"topic_{topic}" for topic in topics))]


def features(texts: Sequence[pa.ChunkedArray], said: Words | None = None) -> pa.Table:
    """One row of numbers for the texts of each record together, given column by column; nulls where there is none.

    Length in characters without markup; sentiment from -1 to 1 (VADER's compound score, Hutto and Gilbert 2014, English words);
    urgency and topics 0 or 1.
    """
    joined = ["\n".join(filter(None, row)) for row in zip(*(column.to_pylist() for column in texts), strict=True)]
    known = said or words()
    made = {text: _features(text, known) for text in set(joined)}
    rows = [made[text] for text in joined]
    return pa.table(
        {name: pa.array(column, NUMBER) for name, column in zip(names(known), _columns(rows, known), strict=True)}
    )


def _columns(rows: list[list[float | None]], said: Words) -> Iterable[Sequence[float | None]]:
    return zip(*rows, strict=True) if rows else ([] for _ in names(said))


def _features(text: str, said: Words) -> list[float | None]:
    plain = " ".join(html.unescape(_TAG.sub(" ", text)).split())
    if not plain:
        return [None] * len(names(said))
    looked = plain[:_LONGEST]
    lists = (said.urgent, *said.topics.values())
    return [float(len(plain)), _sentiment(looked), *(float(bool(_any_of(each).search(looked))) for each in lists)]


def _sentiment(text: str) -> float:
    return float(_analyser().polarity_scores(text)["compound"])


@lru_cache
def _analyser() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


@lru_cache
def _any_of(said: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(map(re.escape, said)) + ")", re.IGNORECASE) if said else re.compile("(?!)")
