"""Labels by hand."""

import math

import numpy as np
import pyarrow as pa
import pytest

from features.cutoffs import Cutoff
from features.examples import examples, population
from features.world import World, activities, gather
from holdfast.errors import ConfigurationInvalid, NoData
from holdfast.settings import Settings
from tests.unit.functions.features.builders import activity, customers, definitions, settings, times

HERE = Cutoff(100, "train")
CONTRACT = 'kind = "contract"\nhorizon_days = 30\n'


def world(wanted: Settings, people: pa.Table, events: list[dict] | None = None) -> World:
    tables = {"customers": people} | ({"events": activity(events, ("amount",))} if events else {})
    return gather(tables, activities(tables, definitions()), wanted, definitions(), HERE.day)


def labels(wanted: Settings, people: pa.Table, events: list[dict] | None = None) -> dict[str, float]:
    held = world(wanted, people, events)
    found = examples(held, wanted, HERE)
    return dict(zip(held.ids.take(pa.array(found.rows)).to_pylist(), found.label.tolist(), strict=True))


def test_silence_at_the_end_of_the_horizon_is_churn():
    events = [
        {"who": "stays", "day": 99.0}, {"who": "stays", "day": 113.9},
        {"who": "leaves", "day": 86.0}, {"who": "leaves", "day": 106.9},
        {"who": "back too late", "day": 99.9}, {"who": "back too late", "day": 114.0},
        {"who": "gone before", "day": 85.9}, {"who": "gone before", "day": 110.0},
        {"who": "new", "day": 100.0},
    ]  # fmt: skip

    found = labels(settings(), customers(sorted({row["who"] for row in events})), events)

    assert found == {"stays": 0.0, "leaves": 1.0, "back too late": 1.0}


def test_who_was_created_after_the_cutoff_is_not_looked_at():
    events = [{"who": who, "day": 99.0} for who in ("old", "young", "unknown")]

    found = labels(settings(), customers(["old", "young", "unknown"], created=[99.9, 100.0, None]), events)

    assert set(found) == {"old", "unknown"}


def test_whoever_only_the_log_knows_is_a_customer_too():
    assert labels(settings(), customers(["a"]), [{"who": "b", "day": 99.0}]) == {"b": 1.0}


def test_value_is_the_measure_within_the_horizon():
    events = [{"who": "a", "day": day, "amount": 10.0} for day in (99.0, 100.0, 113.5, 114.0)] + [
        {"who": "b", "day": 99.0}
    ]
    held = world(settings(), customers(["a", "b"]), events)

    assert examples(held, settings(), HERE).value.tolist() == [20.0, 0.0]


def test_value_is_unknown_without_such_a_measure():
    wanted = settings(rest='[value]\nmeasure = "revenue"')
    held = world(wanted, customers(["a"]), [{"who": "a", "day": 99.0}])

    assert np.isnan(examples(held, wanted, HERE).value).all()


def test_a_cancelled_contract_is_churn_and_who_cancelled_before_is_not_looked_at():
    wanted = settings(CONTRACT + 'event = "cancelled"')
    people = customers(["before", "within", "after", "never", "young"], created=[1, 1, 1, 1, 120])
    events = [
        {"who": who, "day": day, "kind": "cancelled"}
        for who, day in (("before", 99.9), ("within", 100.0), ("after", 130.0))
    ]

    assert labels(wanted, people, events) == {"within": 1.0, "after": 0.0, "never": 0.0}


def test_a_lifecycle_stage_is_churn_from_its_date_on():
    wanted = settings(CONTRACT + 'stage = "Former"\ndate_column = "left_at"')
    stage = pa.array(["former", "FORMER", "former", "customer", None])
    people = customers(
        list("abcde"), created=[1.0] * 5, lifecyclestage=stage, left_at=times([50.0, 110.0, None, 110.0, None])
    )

    assert labels(wanted, people) == {"b": 1.0, "d": 0.0, "e": 0.0}


@pytest.mark.parametrize(("column", "positive"), [
    (pa.array(["Yes", "no", None]), "yes"), (pa.array([True, False, None]), "True"),
    (pa.array([1.0, 0.0, None]), "1"), (pa.array([" TRUE ", "False", None]), "true"),
])  # fmt: skip
def test_a_label_column_is_compared_as_text_without_case(column, positive):
    wanted = settings(f'kind = "label"\ncolumn = "Churn"\npositive = "{positive}"')

    assert labels(wanted, customers(["a", "b", "c"], Churn=column)) == {"a": 1.0, "b": 0.0}


def test_every_customer_of_a_label_column_is_scored():
    wanted = settings('kind = "label"\ncolumn = "Churn"')
    held = world(wanted, customers(["a", "b"], Churn=pa.array(["Yes", None])))

    assert population(held, wanted.churn, 100).tolist() == [0, 1]


@pytest.mark.parametrize(("churn", "rest", "message"), [
    ('column = "Left"', "", r"churn.column: .* no column Left: there are customer_id, .*Churn"),
    ('column = "Churn"\npositive = "1"', "", r"churn.positive: column Churn has no value 1: there are no, yes"),
    ('column = "Churn"', '[value]\ncolumn = "Spend"', r"value.column: .* no column Spend"),
    ('column = "Churn"', '[value]\ncolumn = "Churn"', r"value.column: Churn holds string, not numbers"),
])  # fmt: skip
def test_a_wrong_column_is_named_beside_those_that_there_are(churn, rest, message):
    wanted = settings(f'kind = "label"\n{churn}', rest)

    with pytest.raises(ConfigurationInvalid, match=message):
        labels(wanted, customers(["a", "b"], Churn=pa.array(["Yes", "No"])))


def test_value_may_be_a_column():
    wanted = settings('kind = "label"\ncolumn = "Churn"', '[value]\ncolumn = "Spend"')
    people = customers(["a", "b"], Churn=pa.array(["Yes", "No"]), Spend=pa.array([3, None]))

    value = examples(world(wanted, people), wanted, HERE).value.tolist()

    assert value[0] == 3.0
    assert math.isnan(value[1])


def test_usage_churn_without_usage_is_refused():
    with pytest.raises(NoData, match="needs usage events"):
        labels(settings(), customers(["a"]))


def test_an_empty_population_is_refused_with_its_day():
    with pytest.raises(NoData, match="none of 1 customers could still leave on 1970-04-11"):
        labels(settings(), customers(["a"]), [{"who": "a", "day": 30.0}])
