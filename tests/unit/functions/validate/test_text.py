"""What is told of a text is told by numbers, and every text of a record counts."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validate.text import Words, features, names, words


def one(*texts: str | None) -> dict[str, float | None]:
    return features([pa.chunked_array([pa.array([text], pa.string())]) for text in texts]).to_pylist()[0]


def topics(text: str) -> set[str]:
    return {name.removeprefix("text_topic_") for name, value in one(text).items() if "topic" in name and value}


def test_what_pleases_and_what_does_not_differ_in_sign() -> None:
    pleased, annoyed = one("Thank you, this is a great product!"), one("This is terrible and we are angry.")
    assert pleased["text_sentiment"] > 0.3
    assert annoyed["text_sentiment"] < -0.3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Question about my invoice", {"billing", "how_to"}),
        ("Single sign-on sends me round in circles.", {"access"}),
        ("The CSV export stops with an error", {"bug", "integration"}),
        ("We may CANCEL and are switching to a competitor", {"leaving"}),
        ("Capital letters", set()),
    ],
)
def test_topics_are_told_by_words_whatever_their_case(text: str, told: set[str]) -> None:
    assert topics(text) == told


def test_urgency_is_told_by_its_words() -> None:
    assert one("We need this ASAP")["text_urgent"] == 1.0
    assert one("No hurry at all")["text_urgent"] == 0.0


def test_markup_is_no_text_and_all_texts_of_a_record_count() -> None:
    assert one("<p>Caf&eacute;</p>\n")["text_length"] == 4.0
    assert one("Invoice", "urgent")["text_length"] == len("Invoice urgent")
    assert one(None, "urgent")["text_urgent"] == 1.0


@pytest.mark.parametrize("nothing", [None, "", "  ", "<p></p>"])
def test_no_text_has_no_numbers(nothing: str | None) -> None:
    assert set(one(nothing).values()) == {None}


@given(st.lists(st.one_of(st.none(), st.text(max_size=200)), max_size=6))
def test_whatever_is_written_gives_a_row_of_numbers_each(texts: list[str | None]) -> None:
    made = features([pa.chunked_array([pa.array(texts, pa.string())])])
    assert made.column_names == names()
    assert len(made) == len(texts)
    for row in made.to_pylist():
        assert row["text_sentiment"] is None or -1 <= row["text_sentiment"] <= 1
        assert row["text_urgent"] in (None, 0.0, 1.0)


def test_another_list_of_words_makes_other_columns() -> None:
    said = Words(urgent=(), topics={"cats": ("cat",)})
    made = features([pa.chunked_array([["Cats! asap"]])], said).to_pylist()[0]
    assert (made["text_topic_cats"], made["text_urgent"]) == (1.0, 0.0)


def test_the_shipped_words_can_be_read() -> None:
    assert words().topics
    assert all(words().topics.values())
