"""What today's code says of its messages, documents and tables: fields with their types, and which of them may be left out."""

import inspect
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_type_hints

import pyarrow as pa

from drift import memory
from holdfast import contracts, hints, recovery, registry, schema, tables, usage
from holdfast.bundle import FILES
from holdfast.feature_set import Feature, FeatureSet
from holdfast.predictors import Isotonic, Persona, Personas, Sigmoid, ValueModel
from holdfast.settings import Settings
from holdfast.vendors import APIS
from ingest import accounts, evolution, planning, progress, unmapped
from ingest.sources import api_of
from report import moves
from score.batch import SCORES
from score.history import HISTORY

Form = dict[str, dict[str, Any]]
"""Field -> `type`, and `required` where it has no default."""

DOCUMENTS = (
    Feature, FeatureSet, ValueModel, Persona, Personas, Sigmoid, Isotonic, schema.Schema, schema.Column, schema.Change,
    registry.Champion, hints.Hint, usage.Used, progress.Progress, planning.File, accounts.FileCount, unmapped.Seen,
    evolution.Refusal, memory.Check, memory.Memory, recovery.Forgotten,
)  # fmt: skip
"""Written by one invocation and read by another, which may be of other code: in the artifacts bucket, in bundles, in the state table."""
LAKE = {
    **tables.STATES,
    "customers": tables.CUSTOMERS_BASE,
    "customer_records": tables.CUSTOMER_RECORDS,
    **dict.fromkeys(tables.ACTIVITIES, tables.ACTIVITY_BASE),
    "scores": SCORES,
    "scores_history": HISTORY,
    moves.TABLE: moves.CHANGES,
}
"""Tables of the lake, each with the columns that it has whatever is configured."""


def drawn(settings: Settings) -> dict[str, dict[str, Form]]:
    """Everything, by kind and name; of APIs the streams of a configuration's sources."""
    messages = [each for each in vars(contracts).values() if inspect.isclass(each) and is_dataclass(each)]
    return {
        "messages": {each.__name__: form(each) for each in messages if each is not contracts.Message},
        "documents": {each.__name__: form(each) for each in DOCUMENTS} | {"Bundle": dict.fromkeys(sorted(FILES), _NEEDED)},
        "lake": {name: columns(each) for name, each in LAKE.items()},
        "landing": dict(_landing(settings)),
    }  # fmt: skip


def form(kind: type) -> Form:
    """The fields of a dataclass or a named tuple."""
    hints_of = get_type_hints(kind)
    if is_dataclass(kind):
        optional = {each.name for each in fields(kind) if (each.default, each.default_factory) != (MISSING, MISSING)}
        names = [each.name for each in fields(kind)]
    else:
        names, optional = list(kind._fields), set(kind._field_defaults)  # type: ignore[attr-defined]
    return {
        name: {"type": inspect.formatannotation(hints_of[name])} | ({} if name in optional else {"required": True})
        for name in names
    }


def columns(said: pa.Schema) -> Form:
    """The columns of a table: a row may be without any of them."""
    return {each.name: {"type": str(each.type)} for each in said}


def _landing(settings: Settings) -> Any:
    for kind in APIS:
        for name, source in settings.of_kind(kind).items():
            for stream, said in api_of(source, settings).streams.items():
                yield f"{name}_{stream}", {column.name: {"type": column.kind} for column in said.columns}


_NEEDED = {"type": "file", "required": True}
