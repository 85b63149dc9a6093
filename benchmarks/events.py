"""Usage logs to measure with: seeded, the same bytes every time, made once and kept."""

import gzip
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from holdfast.settings import EventsSource

FILE_ROWS = 500_000
DAYS = 30
REPEATED = 0.02
CUSTOMERS = 200_000
SEATS = 20
SUFFIXES = {"gz": ".gz", "zst": ".zst", "none": ""}
SOURCE = EventsSource(
    kind="events",
    prefix="usage/",
    fields={
        "customer": "user_id", "account": "account_id", "time": "ts", "arrival": "received_at", "id": "event_id",
        "kind": "event", "module": "module",
    },
    measures={"duration_min": "duration_min", "amount": "amount"},
)  # fmt: skip

_PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda text: gzip.compress(text, 6, mtime=0),
    "zst": lambda text: zstandard.ZstdCompressor(3).compress(text),
    "none": bytes,
}
_KINDS = ("login", "view", "create", "edit", "share", "export", "api_call", "invite")
_MODULES = ("reports", "boards", "billing", "automation", "contacts", "calendar", "files", "search", "settings", "api")
_SYSTEMS = ("macos", "windows", "linux", "ios", "android")
_HEX = np.array([f"{i:02x}".encode() for i in range(256)], dtype="S2")
_START_MS = 1_767_225_600_000
_DAY_MS = 86_400_000

Numbers = npt.NDArray[Any]


def files(folder: Path, events: int, compression: str) -> list[Path]:
    """The log files with so many events, in their order; made where they are not there yet, on all cores."""
    count = -(-events // FILE_ROWS)
    place = folder / f"{events}-{compression}"
    place.mkdir(parents=True, exist_ok=True)
    made = [place / f"usage-{number:04}.ndjson{SUFFIXES[compression]}" for number in range(count)]
    with ProcessPoolExecutor() as pool:
        jobs = [(path, number, events, compression) for number, path in enumerate(made) if not path.exists()]
        list(pool.map(_make, jobs))
    return made


def _make(job: tuple[Path, int, int, str]) -> None:
    path, number, events, compression = job
    first = number * FILE_ROWS
    part = path.with_suffix(".part")
    part.write_bytes(_PACKED[compression](text(first, min(FILE_ROWS, events - first), events)))
    part.rename(path)


def text(first: int, rows: int, total: int) -> bytes:
    """Lines from number `first` on; some repeat an earlier line's event under a later arrival."""
    rng = np.random.default_rng([5, first])
    number = first + np.arange(rows)
    again = np.flatnonzero(rng.random(rows) < REPEATED)
    number[again] = rng.integers(0, first + again + 1)
    mixed = _mixed(number, 0xD6E8FEB86659FD93)
    customer = _share(mixed, 7, CUSTOMERS)
    moment = _START_MS + number * (DAYS * _DAY_MS - 3_600_000) // total + _share(mixed, 0, 3_600_000)
    minutes = _share(mixed, 9, 600) / 10
    amount = pa.array(np.round(minutes * 3, 2), mask=_share(mixed, 3, 20) != 0)
    parts: list[Any] = [
        '{"event_id":"', _uuids(number),
        '","user_id":"u', pc.utf8_lpad(pa.array(customer).cast(pa.string()), 7, "0"),
        '","account_id":"acct-', pa.array(customer // SEATS).cast(pa.string()),
        '","event":"', _words(_KINDS, _share(mixed, 13, 8)),
        '","module":"', _words(_MODULES, _share(mixed, 5, 10)),
        '","ts":"', *_moment(moment),
        '","received_at":"', *_moment(moment + rng.integers(50, 60_000, rows)),
        '","duration_min":', pa.array(minutes).cast(pa.string()),
        ',"amount":', pc.fill_null(amount.cast(pa.string()), "null"),
        ',"device":{"os":"', _words(_SYSTEMS, customer), '"}}\n',
    ]  # fmt: skip
    lines = pc.binary_join_element_wise(*parts, "")
    _, offsets, data = lines.buffers()
    return bytes(memoryview(data)[: np.frombuffer(offsets, np.int32)[rows]])


def _mixed(number: Numbers, factor: int) -> Numbers:
    mixed = number.astype(np.uint64) * np.uint64(factor)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(29))


def _share(mixed: Numbers, shift: int, of: int) -> Numbers:
    return ((mixed >> np.uint64(shift)) % np.uint64(of)).astype(np.int64)


def _uuids(number: Numbers) -> pa.StringArray:
    pair = np.stack([_mixed(number, 0x9E3779B97F4A7C15), _mixed(number, 0x94D049BB133111EB)], 1)
    octets = pair.byteswap().view(np.uint8).reshape(-1, 16)
    octets[:, 6] = octets[:, 6] & 15 | 64
    octets[:, 8] = octets[:, 8] & 63 | 128
    digits = _HEX[octets].view(np.uint8).reshape(-1, 32)
    told = np.full((len(number), 36), ord("-"), np.uint8)
    for start, place, width in ((0, 0, 8), (8, 9, 4), (12, 14, 4), (16, 19, 4), (20, 24, 12)):
        told[:, place : place + width] = digits[:, start : start + width]
    offsets = np.arange(0, 36 * len(number) + 1, 36, dtype=np.int32)
    return pa.StringArray.from_buffers(len(number), pa.py_buffer(offsets), pa.py_buffer(told))


def _words(vocabulary: tuple[str, ...], codes: Numbers) -> pa.Array:
    return pa.array(vocabulary).take(pa.array(codes % len(vocabulary)))


def _moment(ms: Numbers) -> tuple[Any, ...]:
    moment = pa.array(ms).cast(pa.timestamp("ms"))
    return moment.cast(pa.date32()).cast(pa.string()), "T", moment.cast(pa.time32("ms")).cast(pa.string()), "Z"
