"""What a bundle says about rows, and how it explains itself."""

import numpy as np
import pytest

from holdfast.bundle import Bundle
from holdfast.errors import BundleInvalid
from holdfast.matrix import matrix
from holdfast.scoring import BANDS, Scorer, Scores
from tests.doubles.models import FEATURES, bundle, population


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.from_bundle(bundle())


@pytest.fixture(scope="module")
def scores(scorer: Scorer) -> Scores:
    return scorer.score(matrix(population(), FEATURES.names))


def test_margin_is_base_plus_contributions(scorer: Scorer, scores: Scores) -> None:
    np.testing.assert_allclose(scores.margin, scorer.trees.base + scores.contributions.sum(axis=1))


def test_points_add_up_from_the_base_probability_to_the_probability(scorer: Scorer, scores: Scores) -> None:
    total = scorer.base_probability + scorer.points(scores).sum(axis=1)

    np.testing.assert_allclose(total, scores.probability, atol=1e-6)


def test_points_have_the_sign_of_their_contribution(scorer: Scorer, scores: Scores) -> None:
    points = scorer.points(scores)

    assert np.all(np.sign(points) * np.sign(scores.contributions) >= 0)


def test_points_stay_finite_where_contributions_cancel(scorer: Scorer, scores: Scores) -> None:
    cancelled = Scores(**{**vars(scores), "margin": np.full(len(scores), scorer.trees.base)})

    assert np.isfinite(scorer.points(cancelled)).all()


def test_bands_follow_the_threshold(scorer: Scorer, scores: Scores) -> None:
    bands = np.array(BANDS)[scores.band]

    assert np.all((scores.probability >= scorer.threshold) == (bands == "high"))
    assert np.all((scores.probability < scorer.threshold / 2) == (bands == "low"))


def test_reasons_are_the_strongest_contributions_in_words(scorer: Scorer, scores: Scores) -> None:
    reasons = list(scorer.reasons(scores, 2))

    strongest = np.abs(scores.contributions).max(axis=1)
    assert [abs(row[0]["contribution_log_odds"]) for row in reasons] == pytest.approx(strongest.tolist(), abs=1e-6)
    for row in reasons:
        assert len(row) <= 2
        assert all(
            reason["direction"] == ("raises" if reason["contribution_points"] > 0 else "lowers") for reason in row
        )
        assert {reason["sentence"] for reason in row} <= {feature.sentence for feature in FEATURES.features}


def test_a_missing_value_is_none_in_a_reason(scorer: Scorer) -> None:
    empty = scorer.score(np.full((1, len(FEATURES.names)), np.nan, dtype=np.float32))

    assert all(reason["value"] is None for reason in next(scorer.reasons(empty, 5)))


def test_value_lies_within_its_interval_and_is_never_negative(scores: Scores) -> None:
    assert np.all((scores.value_low >= 0) & (scores.value_low <= scores.value) & (scores.value <= scores.value_high))


def test_a_model_of_another_width_than_the_feature_set_is_refused() -> None:
    files = dict(bundle().files)
    files["features.json"] = files["features.json"].replace(b'{"actionable":false', b'{"actionable":true', 1)
    shorter = b'{"features":[{"name":"events_30d","sentence":"Events"}],"recipe":{},"version":"x"}'

    with pytest.raises(BundleInvalid, match="the set has 1"):
        Scorer.from_bundle(Bundle({**files, "features.json": shorter}))


@pytest.mark.parametrize(
    ("name", "body"),
    [("value.json", b"{}"), ("personas.json", b"[]"), ("settings.json", b"null"), ("features.json", b'{"features":[1]}'),
     ("calibrator.json", b'{"kind":"sigmoid","slope":"x"}'), ("churn_tables.npz", b"PK")],
)  # fmt: skip
def test_files_that_are_no_models_are_refused_before_anybody_is_scored(name: str, body: bytes) -> None:
    with pytest.raises(BundleInvalid):
        Scorer.from_bundle(Bundle({**bundle().files, name: body}))
