"""From tables to examples, features and their feature set."""

import random

import numpy as np
import pyarrow as pa
import pytest

from features.definitions import shipped
from features.synthesis import Synthesis, synthesise
from holdfast.content import content_digest
from holdfast.errors import NoData
from holdfast.feature_set import FeatureSet
from tests.unit.functions.features.builders import SMALL, activity, at, customers, definitions, settings, times

AS_OF = at(120)
SEED_FIVE = {"avg_daily_active_minutes_90d", "days_since_last_login", "last_login_delta", "feature_adoption_score",
             "email_open_rate_90d", "support_tickets_90d"}  # fmt: skip


def tables(seed: int = 1, people: int = 30) -> dict[str, pa.Table]:
    luck = random.Random(seed)
    ids = [f"c{i:03d}" for i in range(people)]

    def rows(count: int, kinds: list[str]) -> list[dict]:
        return [{"who": luck.choice(ids), "day": luck.uniform(0, 120), "kind": luck.choice(kinds),
                 "module": luck.choice(["api", "web", "mobile"]), "minutes": luck.uniform(0, 50),
                 "amount": luck.uniform(0, 9)}
                for _ in range(count)]  # fmt: skip

    return {
        "customers": customers(
            ids, created=[luck.uniform(-50, 5) for _ in ids], company=[luck.choice(["x", "y", None]) for _ in ids],
            country=pa.array([luck.choice(["SE", "DE", None]) for _ in ids]),
            seats=pa.array([luck.randint(1, 9) for _ in ids]),
            lifecyclestage=pa.array([luck.choice(["customer", "former"]) for _ in ids]), renewed=times([3.0] * people),
            note=pa.array([f"note {i}" for i in range(people)]), constant=pa.array(["same"] * people),
        ),
        "companies": pa.table({
            "company_id": ["x", "y"], "name": ["X", "Y"], "industry": ["retail", "health"], "employees": [10.0, 200.0],
            "created_at": times([0.0, 0.0]),
        }),
        "deals": pa.table({
            "deal_id": ["1", "2"], "company_id": ["x", "y"], "amount": [5.0, 7.0], "stage": ["Won", "open"],
            "created_at": times([10.0, 20.0]), "closed_at": times([30.0, None]),
        }),
        "events": activity(rows(900, ["login", "view", "share"]), ("minutes", "amount")),
        "emails": activity(rows(200, ["SENT", "SENT", "OPEN", "CLICK"]), ()),
        "tickets": activity(rows(60, ["ticket"]), ()),
    }  # fmt: skip


def made(held: dict[str, pa.Table] | None = None, text: str | None = None) -> Synthesis:
    return synthesise(
        held or tables(), settings(rest="[training]\nstep_days = 28"), definitions(text) if text else shipped(), AS_OF
    )


@pytest.fixture(scope="module")
def synthesis() -> Synthesis:
    return made()


def test_both_tables_hold_their_population_sorted_with_the_features_in_order(synthesis):
    names = synthesis.feature_set.names

    assert synthesis.examples.column_names == ["customer_id", "company_id", "cutoff", "split", "label", "value", *names]
    assert synthesis.features.column_names == ["customer_id", "company_id", "cutoff", *names]
    assert {str(synthesis.examples.schema.field(name).type) for name in names} == {"float"}
    keys = list(zip(*(synthesis.examples[name].to_pylist() for name in ("cutoff", "customer_id")), strict=True))
    assert keys == sorted(set(keys))
    assert set(synthesis.examples["split"].to_pylist()) == {"train", "holdout"}
    assert set(synthesis.features["cutoff"].to_pylist()) == {AS_OF}


def test_the_population_to_score_is_whoever_was_active_lately(synthesis):
    events = tables()["events"].to_pylist()
    active = {e["customer_id"] for e in events if at(106) <= e["event_time"] < at(120)}

    assert set(synthesis.features["customer_id"].to_pylist()) == active


def test_the_named_features_are_there_and_every_feature_says_what_it_is(synthesis):
    described = synthesis.feature_set.features

    assert set(synthesis.feature_set.names) >= SEED_FIVE
    assert all(
        f.sentence[0].isupper() and f.group and f.name.replace("_", "").isalnum() and f.name.islower()
        for f in described
    )
    assert len({f.sentence for f in described}) == len(described)


def test_a_number_is_counted_in_what_the_file_says_and_money_in_its_currency():
    said = SMALL.replace("categories = 4", 'categories = 4\nunits = { minutes = "hours", amount = "pieces" }')

    units = {feature.name: feature.unit for feature in made(text=said).feature_set.features}

    assert (units["events_minutes_30d"], units["events_amount_30d"]) == ("hours", "USD")


def test_named_features_by_hand():
    rows = [{"who": "a", "day": 80.0, "kind": "login", "module": "api", "minutes": 45.0},
            {"who": "a", "day": 86.0, "kind": "login", "module": "web", "minutes": 45.0},
            {"who": "a", "day": 99.0, "kind": "view", "module": "api", "minutes": 90.0},
            {"who": "b", "day": 99.5, "kind": "login", "module": None, "minutes": None},
            {"who": "later", "day": 110.0}]  # fmt: skip
    mail = [{"who": "a", "day": 95.0 + i, "kind": kind} for i, kind in enumerate(["SENT", "SENT", "OPEN"])]
    held = {"customers": customers(["a", "b"]), "events": activity(rows), "emails": activity(mail, ())}
    text = SMALL.replace("\nwindows_days = [30]", "\nwindows_days = [90]")

    only = settings(rest='[training]\nvalidation = "folds"')
    found = synthesise(held, only, definitions(text), at(114)).examples.to_pylist()

    first, second = found
    assert first["avg_daily_active_minutes_90d"] == 2.0
    assert (first["days_since_last_login"], first["last_login_delta"]) == (14.0, 8.0)
    assert first["feature_adoption_score"] == 4.0
    assert first["open_rate_90d"] == 0.5
    assert (second["days_since_last_login"], second["last_login_delta"], second["open_rate_90d"]) == (0.5, None, None)


def test_the_same_rows_in_any_order_give_the_same_bytes(synthesis):
    luck = np.random.default_rng(3)
    shuffled = {name: rows.take(pa.array(luck.permutation(len(rows)))) for name, rows in tables().items()}

    again = made(shuffled)

    assert again.feature_set.version == synthesis.feature_set.version
    assert content_digest(again.examples) == content_digest(synthesis.examples)
    assert content_digest(again.features) == content_digest(synthesis.features)


def test_the_version_changes_with_the_definitions_only(synthesis):
    assert made(text=SMALL).feature_set.version == made(text=SMALL).feature_set.version
    assert (
        made(text=SMALL.replace("api = 3.0", "api = 2.0")).feature_set.version != made(text=SMALL).feature_set.version
    )
    assert FeatureSet.from_json(synthesis.feature_set.to_json()).version == synthesis.feature_set.version


def test_columns_that_tell_nothing_or_too_much_are_dropped_with_the_reason(synthesis):
    recipe = synthesis.feature_set.recipe

    assert recipe["customers"]["dropped"] == {
        "customer_id": "declared as never a feature", "company_id": "declared as never a feature",
        "created_at": "a date",
        "lifecyclestage": "declared as never a feature", "renewed": "a date", "note": "more than 12 distinct texts",
    }  # fmt: skip
    dropped = synthesis.feature_set.dropped
    assert dropped["customer_constant_same"] == "constant"
    assert dropped["tickets_90d"] == "equal to support_tickets_90d"
    assert {"customer_country_de", "customer_country_se", "customer_seats", "company_employees"} <= set(
        synthesis.feature_set.names
    )


def test_the_holdout_decides_nothing_about_the_feature_set(synthesis):
    held = tables()
    new = activity(
        [{"who": "c001", "day": 107.0 + i / 99, "kind": "sudden", "module": "new"} for i in range(99)],
        ("minutes", "amount"),
    )
    held["events"] = pa.concat_tables([held["events"], new])

    assert made(held).feature_set.version == synthesis.feature_set.version


def test_a_label_its_value_and_its_identifiers_never_become_features():
    people = 60
    held = {"customers": customers(
        [f"c{i:02d}" for i in range(people)], Churn=pa.array(["Yes", "No"] * 30),
        Spend=pa.array([float(i % 7) for i in range(people)]),
        number=pa.array(list(range(1000, 1000 + people))), tenure=pa.array([i % 5 for i in range(people)]),
    )}  # fmt: skip
    wanted = settings('kind = "label"\ncolumn = "Churn"', '[value]\ncolumn = "Spend"')

    found = synthesise(held, wanted, shipped(), AS_OF)

    assert found.feature_set.names == ["customer_tenure"]
    assert found.feature_set.recipe["customers"]["dropped"]["number"] == "looks like an identifier"
    assert set(found.examples["split"].to_pylist()) == {"fold"}


def test_a_long_horizon_brings_long_windows():
    churn = 'kind = "usage"\nhorizon_days = 31\ninactive_days = 14\nactive_days = 14'

    found = synthesise(tables(), settings(churn, '[training]\nvalidation = "folds"'), definitions(), AS_OF)

    assert "events_60d" in found.feature_set.names
    assert "events_60d" not in made(text=SMALL).feature_set.names


def test_tables_that_are_absent_are_simply_absent():
    held = {name: rows for name, rows in tables().items() if name in ("customers", "events")}

    groups = {feature.group for feature in made(held).feature_set.features}

    assert groups == {"events", "customer", "company"}


def test_without_customers_there_is_nothing_to_do():
    with pytest.raises(NoData, match="no customer has arrived"):
        made({"events": tables()["events"]})
