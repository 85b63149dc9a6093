"""Nothing that happens or becomes known later changes a feature."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from features.cutoffs import Cutoff
from features.examples import examples
from features.matrix import Recipe, matrix
from features.world import World, activities, gather
from tests.unit.functions.features.builders import activity, customers, definitions, settings, times

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


def features(rows: list[dict], deals: list[dict]) -> dict[str, bytes]:
    nothing = {"numbers": [], "categories": {}, "dropped": {}}
    recipe = Recipe(definitions(), (7, 14, 30), {}, "USD", nothing, nothing)
    made = matrix(world(rows, deals), recipe, CUTOFF, np.arange(len(PEOPLE)))
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
