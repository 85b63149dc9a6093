"""What the page says of the data."""

from typing import Any

import pytest

from holdfast.store import MemoryStore, write_json
from report.changes import changes
from report.page import brief, environment, short, span
from report.quality import judged, quality, results

RULE = "expect_column_values_to_be_between"


def expectation(holds: bool = True, severity: str = "quarantine", unexpected: int = 0) -> dict[str, Any]:
    return {"rule": RULE, "column": "age", "severity": severity, "reason": "Nobody is 200 years old.",
            "holds": holds, "counted": 100, "unexpected": unexpected}  # fmt: skip


def result(run: str, *expectations: dict[str, Any], table: str = "crm_people", **said: Any) -> dict[str, Any]:
    age = {
        "type": "BIGINT",
        "there": 100,
        "nulls": 0,
        "distinct": 60,
        "least": 1,
        "most": 99,
        "quantiles": [1, 5, 20, 40, 60, 90, 99],
    }
    made = {"run": run, "table": table, "judged_at": f"2026-11-{run[-2:]}T03:00:00+00:00", "rows": 100, "quarantined": 0, "complete": True,
            "halted": False, "suite": "s", "revision": "1", "expectations": list(expectations), "profile": {"age": age}, "columns": [["age", "BIGINT"]], "lateness": {}}  # fmt: skip
    return made | said


def kept(store: MemoryStore, *results: dict[str, Any]) -> MemoryStore:
    """A store as Validate leaves it."""
    histories: dict[str, list[dict[str, Any]]] = {}
    for each in results:
        write_json(store, f"quality/run={each['run']}/{each['table']}.json", each)
        entry = {name: each[name] for name in ("run", "judged_at", "rows", "quarantined", "halted")} | {
            "held": sum(one["holds"] for one in each["expectations"]),
            "asked": len(each["expectations"]),
            "broken": [one for one in each["expectations"] if not one["holds"]],
        }
        histories.setdefault(each["table"], []).append(entry)
    for table, entries in histories.items():
        write_json(store, f"quality/history/{table}.json", entries)
    return store


def section(store: MemoryStore, run: str) -> str:
    return " ".join(
        environment().get_template("quality.html.j2").render(**quality(judged(store, results(store, run)))).split()
    )


def test_a_night_in_which_all_holds_is_said_in_one_sentence():
    text = section(kept(MemoryStore(), result("n-01", expectation())), "n-01")

    assert "All 1 tables passed; 0 of 100 rows were kept back.</b>" in text


def test_what_was_kept_back_is_told_with_the_reason_of_most_rows():
    broken = result("n-02", expectation(False, unexpected=7), quarantined=7)
    text = section(
        kept(MemoryStore(), result("n-01", expectation()), broken, result("n-02", expectation(), table="b")), "n-02"
    )

    assert (
        "1 of 2 tables passed every rule; 7 of 200 rows were kept back, most because: Nobody is 200 years old." in text
    )
    assert "The last 2 runs" in text
    assert "1 of 2</td>" in text


def test_a_run_without_results_says_so():
    assert "Nothing was judged" in section(MemoryStore(), "n-01")


def test_a_table_without_a_suite_has_no_rules():
    text = section(kept(MemoryStore(), result("n-01")), "n-01")

    assert "no rules" in text


def test_names_and_values_of_the_data_are_text_and_never_markup():
    evil = "<img src=x onerror=alert(1)>"
    column = {"type": evil, "there": 100, "nulls": 0, "distinct": 1, "lengths": [1, 2, 3], "top": [(evil, 100)]}
    bad = expectation(False) | {"reason": evil, "column": evil, "rule": evil}
    store = kept(
        MemoryStore(), result("n-01", bad, profile={evil: column}, columns=[[evil, "VARCHAR"]], table="crm_<b>")
    )

    text = section(store, "n-01")

    assert "<img" not in text
    assert "<b>crm" not in text
    assert text.count("&lt;img") > 5


def test_a_rule_that_fails_in_more_runs_is_worse_than_one_that_fails_more_rows():
    often = [result(f"n-0{n}", expectation(False, unexpected=1), table="often") for n in (1, 2)]
    much = [
        result("n-01", expectation(), table="much"),
        result("n-02", expectation(False, unexpected=90), table="much"),
    ]

    store = kept(MemoryStore(), *often, *much)

    worst = quality(judged(store, results(store, "n-02")))["worst"]

    assert [(each["table"], each["runs"], each["of"]) for each in worst] == [("often", 2, 2), ("much", 1, 2)]


def test_a_run_is_shown_with_the_runs_before_it_and_none_after():
    store = kept(MemoryStore(), *(result(f"n-0{n}", expectation()) for n in (1, 2, 3)))

    assert [each["run"] for each in quality(judged(store, results(store, "n-02")))["runs"]] == ["n-01", "n-02"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rows": 300}, "300 rows, 100 before"),
        ({"type": "VARCHAR"}, "age is VARCHAR, was BIGINT"),
        ({"there": 50}, "age is missing in 50% of rows, was in 0%"),
        ({"distinct": 9}, "age has about 9 values, had 60"),
        ({"quantiles": [1, 5, 20, 95, 97, 98, 99]}, "the middle of age left its usual range"),
    ],
)
def test_a_change_since_the_last_run_is_a_sentence(change, sentence):
    before, now = result("n-01"), result("n-02")
    now["rows"] = change.pop("rows", 100)
    now["profile"]["age"] |= change

    assert sentence in changes(now, before)


def test_columns_that_come_and_go_are_told():
    before, now = result("n-01"), result("n-02")
    now["profile"]["height"] = now["profile"].pop("age")

    assert changes(now, before) == ["new column height", "column age is gone"]


def test_nothing_has_changed_in_a_first_run_or_an_equal_one():
    assert changes(result("n-01"), None) == []
    assert changes(result("n-02"), result("n-01")) == []


def test_figures_of_data_are_short():
    assert [short(2_302_518), short(12_345), short(41)] == ["2.3 M", "12.3 k", "41"]
    assert [brief(0.12345678), brief(1234567), brief("2026-11-01T03:04:05+00:00")] == [
        "0.1235",
        "1,234,567",
        "2026-11-01 03:04",
    ]
    assert [span(40), span(9_000), span(300_000)] == ["40 s", "2.5 h", "3.5 days"]
