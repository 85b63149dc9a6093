"""Nothing that happens or becomes known later changes a feature."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from features.cutoffs import Cutoff
from features.definitions import shipped
from features.examples import examples
from features.matrix import Recipe, matrix
from features.remade import remade
from features.synthesis import synthesise
from features.world import World, activities, gather
from holdfast.content import content_digest
from holdfast.feature_set import FeatureSet
from score.batch import vectors
from tests.unit.functions.features import test_synthesis
from tests.unit.functions.features.builders import activity, at, customers, definitions, settings, times
from train.examples import examples_from

CUTOFF = 100
PEOPLE = ["a", "b", "c"]
KINDS = ["login", "view", "open", "sent"]
TABLES = ("events", "emails", "tickets")

person = st.sampled_from(PEOPLE)
fact = {
    "table": st.sampled_from(TABLES), "who": person, "kind": st.sampled_from(KINDS),
    "module": st.sampled_from(["api", "web"]), "minutes": st.floats(0, 1e6),
}  # fmt: skip
known = st.fixed_dictionaries({**fact, "day": st.floats(30, 99.9)})
after = st.fixed_dictionaries({**fact, "day": st.floats(100, 130)})
late = st.fixed_dictionaries({**fact, "day": st.floats(30, 99.9), "known": st.floats(100.001, 130)})
closing = st.fixed_dictionaries(
    {"company": st.sampled_from(["x", "y"]), "made": st.floats(30, 130), "took": st.floats(0, 60)}
)


def world(rows: list[dict], deals: list[dict]) -> World:
    tables = {name: activity(of_table) for name in TABLES if (of_table := [r for r in rows if r["table"] == name])}
    tables["customers"] = customers(PEOPLE, created=[10.0, 20.0, 120.0], company=["x", "x", "y"])
    tables["deals"] = pa.table({
        "company_id": pa.array([d["company"] for d in deals], pa.string()),
        "amount": pa.array([100.0 for _ in deals], pa.float64()),
        "stage": pa.array(["won" for _ in deals], pa.string()),
        "created_at": times([d["made"] for d in deals]), "closed_at": times([d["closed"] for d in deals]),
    })  # fmt: skip
    return gather(tables, activities(tables, definitions()), settings(), definitions(), CUTOFF)


NOTHING = {"numbers": [], "categories": {}, "dropped": {}}
RECIPE = Recipe(definitions(), (7, 14, 30), {}, "USD", NOTHING, NOTHING)


def features(rows: list[dict], deals: list[dict], cutoff: int = CUTOFF) -> dict[str, bytes]:
    made = matrix(world(rows, deals), RECIPE, cutoff, np.arange(len(PEOPLE)))
    return {feature.name: values.tobytes() for feature, values in made.items()}


base = [{"table": name, "who": who, "kind": kind, "module": module, "minutes": 1.0, "day": 90.0}
        for name in TABLES for who in PEOPLE
        for kind, module in zip(KINDS, ["api", "web"] * 2, strict=True)]  # fmt: skip


@example_settings(max_examples=25, deadline=None)
@given(st.lists(known, max_size=12), st.lists(st.one_of(after, late), min_size=1, max_size=12), st.randoms())
def test_rows_after_the_cutoff_and_late_arrivals_change_no_bit_of_any_feature(rows, later, luck):
    with_later = [*base, *rows, *later]
    luck.shuffle(with_later)

    assert features(with_later, []) == features([*base, *rows], [])


@example_settings(max_examples=12, deadline=None)
@given(st.lists(closing, min_size=1, max_size=8))
def test_a_deal_is_known_when_it_is_made_and_its_end_when_it_closes(deals):
    whole = [{**d, "closed": d["made"] + d["took"]} for d in deals]
    known_then = [{**d, "closed": d["closed"] if d["closed"] < CUTOFF else None} for d in whole if d["made"] < CUTOFF]

    assert features(base, whole) == features(base, known_then)


def test_a_late_arrival_belongs_to_the_population_from_its_arrival_on():
    rows = [{"table": "events", "who": "a", "day": 95.0, "known": 101.5}]
    held = world([*rows, {"table": "events", "who": "b", "day": 96.0}], [])

    before, afterwards = (examples(held, settings(), Cutoff(day, "train")).rows.tolist() for day in (100, 102))

    assert (before, afterwards) == ([1], [0, 1])


@example_settings(max_examples=25, deadline=None)
@given(st.lists(known, max_size=8), late, st.integers(100, 131))
def test_a_late_arrival_changes_only_what_is_made_after_it_arrived(rows, arriving, cutoff):
    there = [*base, *rows, *([arriving] if arriving["known"] <= cutoff else [])]

    assert features([*base, *rows, arriving], [], cutoff) == features(there, [], cutoff)


@example_settings(max_examples=25, deadline=None)
@given(st.lists(known, max_size=8), st.lists(st.integers(0, 2), max_size=9))
def test_rows_out_are_the_rows_in_in_any_order_and_repeated(rows, wanted):
    held = world([*base, *rows], [])

    all_of, some = (matrix(held, RECIPE, CUTOFF, np.array(who, dtype=np.int64)) for who in (range(3), wanted))

    assert {feature: values[wanted].tobytes() for feature, values in all_of.items()} == {
        f: v.tobytes() for f, v in some.items()
    }


def test_a_score_is_made_from_the_very_bits_that_training_would_have_seen():
    tables = test_synthesis.tables()
    trained = synthesise(tables, settings(), shipped(), at(120))
    holdout = trained.examples.filter(pa.array([split == "holdout" for split in trained.examples["split"].to_pylist()]))

    scored = remade(tables, settings(), trained.feature_set, at(106)).features

    examples = examples_from(holdout, trained.feature_set.names).rows
    held = list(vectors(scored, Reader(trained.feature_set), at(106).isoformat()))
    assert [item["customer_id"] for item in held] == holdout["customer_id"].to_pylist()
    assert set(holdout["cutoff"].to_pylist()) == {at(106)}
    assert b"".join(item["vector"] for item in held) == examples.astype("<f4").tobytes()


@dataclass(frozen=True)
class Reader:
    """What `vectors` asks of a model: its features. A model itself is not needed for what it reads."""

    feature_set: FeatureSet
    version: str = "none"


@example_settings(max_examples=5, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["c001", "c002", "c003"]), st.floats(120, 150), st.sampled_from(["login", "new"])),
        min_size=1,
    )
)
def test_what_happens_after_a_run_changes_no_bit_of_its_examples_labels_and_features(later):
    tables = test_synthesis.tables()
    before = synthesise(tables, settings(), definitions(), at(120))
    more = [{"who": who, "day": day, "kind": kind, "module": "later", "minutes": 5.0} for who, day, kind in later]
    tables["events"] = pa.concat_tables([activity(more, ("minutes", "amount")), tables["events"]])

    after = synthesise(tables, settings(), definitions(), at(120))

    assert after.feature_set == before.feature_set
    assert content_digest(after.examples) == content_digest(before.examples)
    assert content_digest(after.features) == content_digest(before.features)
