"""What `holdfast schema` prints."""

from rich.console import Console

from holdfast.schema import Change, Column, Schema, history, remember
from holdfast.store import MemoryStore
from infra.cli import schemas


def test_columns_and_fields_that_are_kept_out_are_shown_with_why(monkeypatch, capsys):
    monkeypatch.setattr(schemas, "console", Console(width=200))
    columns = (Column("device.os", "device_os", "text", "a"), Column("n", "n_text", "text", "b", "integer"))

    schemas.show(Schema("usage", 2, columns, {"email": "it is called email"}))

    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines()] == [
        ["device.os", "device_os", "text,", "since", "a"],
        ["n", "n_text", "text,", "what", "is", "no", "integer,", "since", "b"],
        ["email", "kept", "out", "it", "is", "called", "email"],
    ]


def test_a_history_is_told_in_order_and_in_words():
    artifacts, schema = MemoryStore(), Schema("usage", 1)
    for number, run in enumerate(("b", "a"), 1):
        change = Change(run, "usage", "os", "os", "", "text", "new")
        remember(artifacts, run, Schema("usage", number, schema.columns), [change])

    told = history(artifacts, "usage")

    assert [(schema.version, [each.sentence for each in changes]) for schema, changes in told] == [
        (1, ["os is new: column os (text)"]), (2, ["os is new: column os (text)"])
    ]  # fmt: skip
