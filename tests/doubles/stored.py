"""Rows as they are stored: what the shipped list declares of them is done, and nothing else is withheld."""

import pyarrow as pa

from holdfast.privacy import Declared, shipped
from holdfast.pseudonym import Pseudonymiser
from validate.protect import protected


def stored(rows: pa.Table, relation: str, key: Pseudonymiser) -> pa.Table:
    """Rows of a relation (`<vendor>_<stream>`)."""
    declared = Declared("src", "stream", relation, {}, shipped().get(relation, {}))
    return protected(rows, declared, frozenset(rows.column_names), key)
