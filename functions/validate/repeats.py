"""Which rows repeat an event that is there already: by 64-bit hashes of the ids first, then by the ids themselves.

Only rows whose hash occurs twice are looked at, and of all hashes only one range at a time is in memory. Two ids that
happen to share a hash stay two events.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.arrays import arrow, numbers
from holdfast.sql import connect
from holdfast.tables import TIME
from validate.hashes import hashed
from validate.staging import Longs, Part

RANGE_ROWS = 1 << 23
_PIECE = 1 << 18
_HASH = "_hash"
_COMPARED = ("event_id", "event_time", "known_at")
_PLACE_BITS = 26
"""Room for a row's place within a range, at the low end of a sorted hash."""

_LATER = """
SELECT part, "row" FROM (
    SELECT part, "row", row_number() OVER (
        PARTITION BY event_id ORDER BY part >= 0, known_at, event_time, part, "row") AS turn
    FROM candidates)
WHERE turn > 1 AND part >= 0
ORDER BY ALL"""


def ranges(rows: int) -> int:
    """Into how many ranges (a power of two) the hashes of so many rows are cut."""
    return 1 << max(1, rows // RANGE_ROWS).bit_length()


def hashed_ids(ids: pa.ChunkedArray) -> pa.Table:
    """Ids as a table with their hashes."""
    return pa.table({"event_id": ids, _HASH: arrow(hashed(ids.cast(pa.string()).combine_chunks()))})


def later(parts: Sequence[Part], held: pa.Table | None, which: int, of: int) -> list[Longs]:
    """Rows to leave out, by part, for one range of hashes: all of an id but the earliest known, or all where the lake holds it.

    `held` has the ids that the lake holds, see `hashed_ids`.
    """
    hashes = [part.hashed() for part in parts]
    if held is not None and len(held):
        hashes.append(numbers(held[_HASH], np.uint64))
    places = _meeting(hashes, which, of)
    if not len(places[0]):
        return [np.empty(0, np.int64) for _ in parts]
    candidates = pa.concat_tables(_looked_up(parts, held, *places))
    connection = connect()
    connection.register("candidates", candidates)
    found = connection.sql(_LATER).to_arrow_table()
    part, row = numbers(found["part"], np.int32), numbers(found["row"], np.int64)
    return [row[part == number] for number in range(len(parts))]


def _meeting(hashes: Sequence[npt.NDArray[np.uint64]], which: int, of: int) -> tuple[Longs, Longs]:
    """Part and row of all whose hash, in this range, another row has as well."""
    bits = of.bit_length() - 1
    rows = [_within(each, which, bits) for each in hashes]
    own = np.concatenate([each[row] for each, row in zip(hashes, rows, strict=True)]) << np.uint64(bits)
    if len(own) >= 1 << _PLACE_BITS:
        raise ValueError("a range holds too many rows")
    own &= ~np.uint64((1 << _PLACE_BITS) - 1)
    own |= np.arange(len(own), dtype=np.uint64)
    own.sort()
    same = np.diff(own >> np.uint64(_PLACE_BITS)) == 0
    met = np.zeros(len(own), bool)
    met[1:] = same
    met[:-1] |= same
    places = np.sort(own[met] & np.uint64((1 << _PLACE_BITS) - 1)).astype(np.int64)
    starts = np.cumsum([0, *map(len, rows)])
    part = np.searchsorted(starts, places, "right") - 1
    return part, np.concatenate([rows[n][places[part == n] - starts[n]] for n in range(len(rows))])


def _within(hashes: npt.NDArray[np.uint64], which: int, bits: int) -> Longs:
    """Rows whose hash begins with the bits of a range; looked for piece by piece, however many there are."""
    if not bits:
        return np.arange(len(hashes))
    first = np.uint64(64 - bits)
    starts = range(0, len(hashes), _PIECE)
    found = [np.flatnonzero(hashes[start : start + _PIECE] >> first == which) + start for start in starts]
    return np.concatenate([np.empty(0, np.int64), *found])


def _looked_up(parts: Sequence[Part], held: pa.Table | None, part: Longs, row: Longs) -> list[pa.Table]:
    """The ids and times of rows; what the lake holds is part -1 and has no times."""
    found = []
    for number, each in enumerate(parts):
        rows = row[part == number]
        if len(rows):
            found.append(_placed(_taken(each, rows), number, rows))
    rows = row[part == len(parts)]
    if held is not None and len(rows):
        ids = held.select(["event_id"]).take(arrow(rows))
        times = {name: pa.nulls(len(rows), TIME) for name in _COMPARED[1:]}
        found.append(_placed(pa.table({"event_id": ids["event_id"].cast(pa.string()), **times}), -1, rows))
    return found


def _taken(part: Part, rows: Longs) -> pa.Table:
    reader, starts = part.open(), part.starts()
    batch = np.searchsorted(starts, rows, "right") - 1
    pieces = []
    for number in np.unique(batch):
        columns = reader.get_batch(int(number)).select(list(_COMPARED))
        pieces.append(columns.take(arrow(rows[batch == number] - starts[number])))
    return pa.Table.from_batches(pieces)


def _placed(rows: pa.Table, part: int, row: Longs) -> pa.Table:
    where = {"part": arrow(np.full(len(rows), part, np.int32)), "row": arrow(row)}
    return pa.table({**{name: rows[name] for name in _COMPARED}, **where})


def keep(path: Path, dropped: Sequence[Longs], rows: int) -> None:
    """Write which rows of a part stay, one byte each."""
    stay = np.ones(rows, bool)
    for each in dropped:
        stay[each] = False
    stay.tofile(path)
