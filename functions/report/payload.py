"""What the page carries of each customer: one line of JSON each, so that whoever is forgotten goes with their line."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from report.kept import Night
from report.lists import bits
from report.reasons import reasons
from report.scored import BANDS, Scored

MOST = 50_000
"""Customers that the page carries: those with most at risk. All are in its sums."""
FIELDS = (
    "id", "company", "probability", "value", "low", "high", "band", "worth", "adopted", "persona", "adoption", "lists",
    "before", "reasons", "moved",
)  # fmt: skip
"""Of a line, in order. `company`, `persona` and features are numbers into the page's lists, `band`, `worth` and `adopted` are segments;
probabilities and contributions are in hundredths of a percent. `reasons` holds feature, value and contribution of each one after
the other; `moved` is the band of last week, and feature, value then, value now and change of the contribution of each cause."""
_FINE = 10_000


def listed(scored: Scored) -> np.ndarray:
    """Rows of the customers that the page carries, those with most at risk first."""
    return np.lexsort((-scored.probability, -scored.at_risk))[:MOST]


def lines(rows: Sequence[Any]) -> str:
    """A JSON array with a line for each row. It ends with a null, so that any line can be taken out."""
    return "[\n" + "".join(f"{said(row)},\n" for row in rows) + "null]"


def said(value: Any) -> str:
    """JSON that can stand in a page."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def known(value: float) -> float | None:
    """To the hundredth; None for NaN."""
    return None if value != value else round(value, 2)


def customers(scored: Scored, night: Night, features: Sequence[str], companies: Sequence[str], personas: Sequence[str]) -> list[list[Any]]:  # fmt: skip
    """One row of `FIELDS` per customer that the page carries."""
    at = listed(scored)
    table = scored.table.select(["customer_id", "company_id", "persona", "value", "value_low", "value_high"]).take(at)
    columns = [
        table["customer_id"].to_pylist(),
        _places(table["company_id"], companies),
        _fine(scored.probability[at]),
        *(_money(table[name]) for name in ("value", "value_low", "value_high")),
        *(each[at].tolist() for each in (scored.band, scored.worth, scored.adopted)),
        _places(table["persona"], personas),
        [known(each) for each in scored.adoption[at].tolist()],
        bits(scored)[at].tolist(),
        _before(night, table["customer_id"]),
        list(_reasons(scored.table.take(at), features)),
        list(_moved(night.moves, table["customer_id"].to_pylist(), features)),
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def gone(night: Night) -> list[list[Any]]:
    """Who was scored last week and no longer is: id, band and probability then, value."""
    if night.moves is None:
        return []
    rows = night.moves.filter(pc.equal(night.moves["change"], "gone")).to_pylist()
    return [[r["customer_id"], BANDS.index(r["band_before"]), round(_FINE * r["probability_before"]), r["value"] and round(r["value"], 2)] for r in rows]  # fmt: skip


def _places(column: pa.ChunkedArray, words: Sequence[str]) -> list[int]:
    found = pc.index_in(column, pa.array(words, pa.string()), skip_nulls=True)
    return list(pc.fill_null(found, -1).to_pylist())


def _fine(shares: np.ndarray) -> list[int]:
    return np.rint(_FINE * np.nan_to_num(shares)).astype(int).tolist()  # type: ignore[no-any-return]


def _money(column: pa.ChunkedArray) -> list[float | None]:
    return [None if each is None else known(each) for each in column.to_pylist()]


def _before(night: Night, people: pa.ChunkedArray) -> list[int | None]:
    if night.before is None:
        return [None] * len(people)
    at = pc.index_in(people, night.before["customer_id"].combine_chunks())
    held = night.before["probability"].take(at)
    return [None if each is None else round(_FINE * each) for each in held.to_pylist()]


def _reasons(scores: pa.Table, features: Sequence[str]) -> Iterator[list[Any]]:
    told = reasons(scores)
    codes, values = _places(told["feature"], features), [_brief(each) for each in told["value"].to_pylist()]
    flat = list(zip(codes, values, _fine(told["contribution_points"].to_numpy()), strict=True))
    start = 0
    for length in pc.fill_null(pc.list_value_length(scores["reasons"]), 0).to_pylist():
        yield [each for reason in flat[start : start + length] for each in reason]
        start += length


def _moved(moves: pa.Table | None, people: Sequence[str], features: Sequence[str]) -> Iterator[list[Any]]:
    """Nothing of who stayed in their band, `[-1]` of who is new."""
    codes = {name: number for number, name in enumerate(features)}
    found: dict[str, list[Any]] = {}
    for row in moves.to_pylist() if moves is not None else ():
        held = found.setdefault(
            row["customer_id"], [BANDS.index(row["band_before"]) if row["band_before"] in BANDS else -1]
        )
        if row["feature"] is not None:
            change = round(_FINE * row["contribution_change"])
            held += [codes[row["feature"]], _brief(row["feature_before"]), _brief(row["feature_now"]), change]
    yield from (found.get(person, []) for person in people)


def _brief(value: float | None) -> float | int | None:
    """Four figures."""
    if value is None:
        return None
    short = float(f"{value:.4g}")
    return int(short) if short == int(short) else short
