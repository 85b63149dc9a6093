"""What a source's schema contract asks of its landed rows: nothing, unless Reconcile saw values that it refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from holdfast.fields import MORE
from holdfast.schema import decision_key
from holdfast.store import Store, read_json
from validate.expectations import Expectation
from validate.suites import Suite

_NAMED = 30
"""Undeclared fields that are told one by one."""


def contracted(suite: Suite, artifacts: Store, run: str, source: str) -> Suite:
    """A suite with what the run's decision on the source's schema refuses; as it is where there is none."""
    try:
        refused = read_json(artifacts, decision_key(run, source))["refused"]
    except KeyError:
        return suite
    misfits = [_misfit(each) for each in refused if each["type"]]
    undeclared = [each["field"] for each in refused if not each["type"]]
    told = [_undeclared([field], field) for field in undeclared[:_NAMED]]
    if rest := undeclared[_NAMED:]:
        told.append(_undeclared(rest, f"{len(rest)} more fields"))
    return replace(suite, expectations=(*suite.expectations, *misfits, *told)) if refused else suite


def _misfit(refused: Mapping[str, Any]) -> Expectation:
    field, type_ = refused["field"], refused["type"]
    said = {"column": MORE, "field": field, "type": type_}
    notes = f"The value of field {field} is no {type_}, which its column holds"
    if refused["whole"]:
        return _expected(
            "expect_field_to_fit", field, said, f"{notes}: under a strict schema its row stays behind.", "quarantine"
        )
    return _expected("expect_field_to_fit", field, said, f"{notes}: the row enters without it.", "warn")


def _undeclared(fields: Sequence[str], called: str) -> Expectation:
    notes = f"The schema is strict, and {called} is not declared: name it under columns or ignore of the source."
    return _expected(
        "expect_field_to_be_declared", called, {"column": MORE, "fields": list(fields)}, notes, "quarantine"
    )


def _expected(rule: str, called: str, kwargs: Mapping[str, Any], notes: str, severity: Any) -> Expectation:
    return Expectation(rule, called, severity, 1.0, kwargs, notes, if_present=True)
