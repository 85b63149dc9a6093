"""What becomes of fields that nothing maps, night by night, under each contract."""

import json

import pytest

from tests.doubles.logs import Logs, line

BASE = {"customer_id", "event_id", "event_time", "known_at", "kind", "module", "minutes"}


def test_new_fields_become_typed_columns_and_earlier_rows_stay_as_they_were(tmp_path):
    logs = Logs(tmp_path)
    (before,) = logs.night("a", line(1))
    new = {"n": 3, "x": 1.5, "ok": True, "day": "2026-01-02", "os": "mac", "deep": {"er": {"v": "w"}}, "list": [1, "a"]}

    first, second = logs.night("b", line(2, **new))

    assert set(before) == BASE
    assert first == before | dict.fromkeys(("n", "x", "ok", "day", "os", "deep_er_v", "list"))
    assert {name: second[name] for name in second if name not in BASE} == {
        "n": 3.0, "x": 1.5, "ok": True, "day": second["day"], "os": "mac", "deep_er_v": "w", "list": '[1,"a"]'
    }  # fmt: skip
    assert second["day"].isoformat() == "2026-01-02T00:00:00+00:00"
    assert {each.column: each.type for each in logs.schema.columns} == {
        "n": "integer", "x": "number", "ok": "flag", "day": "time", "os": "text", "deep_er_v": "text", "list": "text"
    }  # fmt: skip
    ((subject, body),) = logs.alerts
    assert "usage have changed: 7 fields" in subject
    assert "deep.er.v is new: column deep_er_v (text)" in body["changes"]
    assert logs.answer.changes == 7


def test_the_first_fields_of_a_source_are_no_alert_and_the_next_ones_are(tmp_path):
    logs = Logs(tmp_path)

    logs.night("a", line(1, os="mac"))
    first = logs.alerts
    logs.night("b", line(2, app="web"))

    assert first == []
    assert len(logs.alerts) == 1


def test_whole_numbers_widen_to_numbers_in_place(tmp_path):
    logs = Logs(tmp_path)
    logs.night("a", line(1, n=3))

    rows = logs.night("b", line(2, n=3.5))

    assert [row["n"] for row in rows] == [3.0, 3.5]
    assert [(each.field, each.type) for each in logs.schema.columns] == [("n", "number")]
    assert logs.alerts[0][1]["changes"] == ["n no longer fits integer: column n takes it as number"]


def test_a_value_that_does_not_fit_is_kept_out_and_told_and_its_row_enters(tmp_path):
    logs = Logs(tmp_path)
    logs.night("a", line(1, n=3))

    rows = logs.night("b", line(2, n="many", os="mac"), line(3, n=4))

    assert [(row["n"], row["os"]) for row in rows] == [(3.0, None), (None, "mac"), (4.0, None)]
    (told,) = logs.told("expect_field_to_fit(n)")
    assert (told["severity"], told["run"]) == ("warn", "b")
    assert "no integer" in told["reason"]
    assert "many" in told["row"]
    assert "n has values that are no integer" in logs.alerts[0][1]["changes"][-1]


def test_a_permissive_schema_takes_what_does_not_fit_into_a_column_of_text_beside_it(tmp_path):
    logs = Logs(tmp_path, 'schema = "permissive"')
    logs.night("a", line(1, n=3))

    logs.night("b", line(2, n="many"), line(3, n=4))
    rows = logs.night("c", line(4, n=True))

    assert [(row["n"], row["n_text"]) for row in rows] == [(3.0, None), (None, "many"), (4.0, None), (None, "true")]
    assert logs.told() == []
    assert logs.alerts == []


def test_under_a_strict_schema_rows_with_an_undeclared_field_stay_behind_with_its_name(tmp_path):
    logs = Logs(tmp_path, 'schema = "strict"\ncolumns = { plan = "plan.code" }\nignore = ["trace"]')
    logs.night("a", line(1, plan={"code": "pro"}, trace={"id": "x"}))

    rows = logs.night("b", line(2, plan={"code": "pro"}), line(3, os="mac"), line(4, plan={"code": 5}))

    assert [(row["event_id"], row["plan"]) for row in rows] == [
        ("usage:e0001", "pro"), ("usage:e0002", "pro"), ("usage:e0004", "5")
    ]  # fmt: skip
    assert set(rows[0]) == BASE | {"plan"}
    (told,) = logs.told()
    assert told["rule"] == "expect_field_to_be_declared(os)"
    assert told["severity"] == "quarantine"


def test_under_a_strict_schema_a_row_whose_value_does_not_fit_stays_behind(tmp_path):
    logs = Logs(tmp_path, 'schema = "strict"\ncolumns = { n = "n" }')
    logs.night("a", line(1, n=1))

    rows = logs.night("b", line(2, n=1.5), line(3, n=2))

    assert [row["n"] for row in rows] == [1.0, 2.0]
    assert [told["rule"] for told in logs.told()] == ["expect_field_to_fit(n)"]


def test_a_flood_of_fields_is_kept_together_and_nothing_is_lost(tmp_path):
    logs = Logs(tmp_path)
    logs.night("a", line(1, os="mac"))
    flood = {f"key_{number}": number for number in range(600)}

    logs.night("b", line(2, os="ios", **flood))
    rows = logs.night("c", line(3, later=1))

    assert set(rows[0]) == BASE | {"os", "more"}
    assert [row["os"] for row in rows] == ["mac", "ios", None]
    assert json.loads(rows[1]["more"]) == flood
    assert rows[2]["more"] == '{"later":1}'
    assert logs.schema.folded == 500
    assert logs.alerts == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "x"), ("userEmail", "x"), ("client_ip", "x"), ("who_called", "ada@example.com"), ("origin", "10.1.2.3"),
        ("caller", "+44 20 7946 0958"), ("paid_with", "4111111111111111"), ("paid_with", 4111111111111111),
        ("said", "please could you tell me how I can get back into my account today"), ("first_name", "x"), ("name", "x"),
        ("authToken", "x"), ("shipping", {"street": "x"}),
    ],
)  # fmt: skip
def test_what_may_be_personal_waits_for_a_declaration(tmp_path, name, value):
    logs = Logs(tmp_path)

    (row,) = logs.night("a", line(1, **{name: value}))

    assert set(row) == BASE
    assert len(logs.schema.withheld) == 1
    ((_, body),) = logs.alerts
    assert "declare it" in body["changes"][0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_name", "x"), ("filename", "x"), ("version", "1.2.3"), ("when", "2026-01-02 03:04"), ("build", "20260102"),
        ("size", 4), ("lap", "12.5"), ("device", {"os": "mac"}), ("description", "a button"), ("plan_name", "pro"),
    ],
)  # fmt: skip
def test_what_is_not_personal_enters(tmp_path, name, value):
    logs = Logs(tmp_path)

    logs.night("a", line(1, **{name: value}))

    assert logs.schema.withheld == {}
    assert len(logs.schema.columns) == 1


def test_a_withheld_field_enters_once_it_is_declared_and_is_not_told_again_until_then(tmp_path):
    logs = Logs(tmp_path)
    logs.night("a", line(1, email="ada@example.com"))
    logs.night("b", line(2, email="eve@example.com"))
    again = logs.alerts
    logs.settings = Logs(tmp_path / "x", 'columns = { address = "email" }').settings

    rows = logs.night("c", line(3, email="joe@example.com"))

    assert again == []
    assert [row["address"] for row in rows] == [None, None, "joe@example.com"]
    assert logs.schema.withheld == {}


def test_names_that_collide_get_columns_of_their_own(tmp_path):
    logs = Logs(tmp_path)

    (row,) = logs.night(
        "a",
        line(1, Kind="a", minutes=7, KIND="b", customer="c", more="d", **{"é": 1, "日本": 2, "a.b": 3, "a": {"b": 4}}),
    )

    fields = logs.columns()
    assert len(set(fields.values())) == len(fields) == 9
    assert not set(fields.values()) & (BASE | {"customer", "more"})
    assert row["kind"] == "event"
    assert {field: row[column] for field, column in fields.items()} == {
        "Kind": "a", "KIND": "b", "minutes": 7.0, "customer": "c", "more": "d", "é": 1.0, "日本": 2.0, "a\\.b": 3.0, "a.b": 4.0
    }  # fmt: skip


def test_a_run_that_is_done_again_decides_the_same(tmp_path):
    logs = Logs(tmp_path)
    rows = logs.night("a", line(1, os="mac", n=1))
    before = dict(logs.artifacts.objects)

    logs.finish("a")

    assert logs.rows() == rows
    assert {key: body for key, body in logs.artifacts.objects.items() if "quality" not in key} == {
        key: body for key, body in before.items() if "quality" not in key
    }


def test_lines_without_any_further_field_land_without_a_word_of_it(tmp_path):
    logs = Logs(tmp_path)

    rows = logs.night("a", *[line(number) for number in range(5)])

    assert all(set(row) == BASE for row in rows)
    assert (logs.schema.version, logs.schema.columns) == (1, ())
