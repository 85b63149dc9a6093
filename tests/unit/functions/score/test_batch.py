"""The table of scores and the items of the online store, as plain values."""

from datetime import datetime

import numpy as np
import pytest

from holdfast.matrix import matrix
from holdfast.scoring import Scorer
from score.batch import score_table, vectors
from score.held import digest
from tests.doubles.models import AS_OF, FEATURES, bundle, population

WHEN = datetime.fromisoformat(AS_OF)


def test_the_table_gives_the_reasons_that_the_scorer_gives_for_each_row() -> None:
    scorer = Scorer.from_bundle(bundle())
    expected = list(scorer.reasons(scorer.score(matrix(population(), FEATURES.names)), 4))

    assert score_table(population(), scorer, WHEN, 4)["reasons"].to_pylist() == expected


def test_rows_in_any_order_and_chunks_of_any_size_make_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, told = Scorer.from_bundle(bundle()), list[int]()
    whole = score_table(population(), scorer, WHEN, 3)
    shuffled = population().take(np.random.default_rng(1).permutation(population().num_rows))
    monkeypatch.setattr("score.batch._CHUNK", 70)

    assert score_table(shuffled, scorer, WHEN, 3, told.append).equals(whole)
    assert told == [70, 140, 210, 280, 300]
    assert list(vectors(shuffled, scorer, AS_OF)) == list(vectors(population(), scorer, AS_OF))


def test_items_can_be_gone_through_again() -> None:
    items = vectors(population(), Scorer.from_bundle(bundle()), AS_OF)

    assert digest(items) == digest(list(items))
    assert len(items) == len(list(items)) == 300
