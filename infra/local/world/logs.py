"""The usage logs: one gzipped NDJSON file per week of arrival, the same bytes every time."""

import gzip
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infra.local.world import usage
from infra.local.world.calendar import WEEKS, Calendar
from infra.local.world.generate import World
from infra.local.world.traits import MODULES, Floats, Ints, Rng
from infra.local.world.usage import Events

MALFORMED_PER_EVENT = 1e-5
WEEKS_IN_MEMORY = 2
HEX_PAIRS = np.array([f"{i:02x}".encode() for i in range(256)], dtype="S2")
OS_JSON = (*(f'{{"os":"{name}","app":"web"}}' for name in usage.DEVICES), "null")


@dataclass(frozen=True)
class LogCounts:
    """Lines written, of which `malformed` are not JSON and `duplicates` repeat the id of another line."""

    files: int
    lines: int
    malformed: int
    duplicates: int


def write(directory: Path, world: World) -> LogCounts:
    """Write all the weeks under `directory`; compression of one week overlaps the making of the next."""
    lines = malformed = 0
    numbers: list[int] = []
    pending: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        for week, events in arriving(world, numbers):
            text, broken = render(np.random.default_rng([world.seed, 3, week]), events)
            pending.append(pool.submit(_save, directory / path_of(world.calendar, week), text))
            lines, malformed = lines + len(events) + broken, malformed + broken
            if len(pending) > WEEKS_IN_MEMORY:
                pending.pop(0).result()
    for job in pending:
        job.result()
    return LogCounts(WEEKS, lines, malformed, lines - malformed - sum(numbers))


def path_of(calendar: Calendar, week: int) -> str:
    day = calendar.day(week).astype("O")
    return f"usage/{day:%Y}/{day:%m}/usage-{day:%Y-%m-%d}.ndjson.gz"


def arriving(world: World, numbers: list[int]) -> Iterator[tuple[int, Events]]:
    """Yield each week's arrivals in order of arrival; what arrives after the last week is never seen.

    `numbers` is filled with how many distinct ids arrived in each week, for the count of duplicates.
    """
    late: Events | None = None
    first = 0
    for week in range(WEEKS):
        events = usage.week_of(np.random.default_rng([world.seed, 2, week]), world, week, first)
        first = int(events.number.max(initial=first - 1)) + 1
        events = events.join(late) if late else events
        in_time = events.received < world.calendar.start_ms + (week + 1) * 7 * usage.DAY_MS
        late = events.take(np.flatnonzero(~in_time))
        events = events.take(np.flatnonzero(in_time))
        numbers.append(len(np.unique(events.number)))
        yield week, events.take(np.argsort(events.received, kind="stable"))


def render(rng: Rng, events: Events) -> tuple[memoryview, int]:
    """One JSON line per event, and after them a few lines that a crash cut short; gives the text and their number."""
    lines = _lines(events)
    cut = np.flatnonzero(rng.random(len(events)) < MALFORMED_PER_EVENT)
    if not len(cut):
        return _bytes(lines), 0
    broken = pa.array([lines[int(row)].as_py()[: 40 + int(row) % 60] + "\n" for row in cut], pa.string())
    return _bytes(pa.concat_arrays([lines, broken])), len(cut)


def _lines(events: Events) -> pa.StringArray:
    parts: list[pa.Array | str] = [
        '{"event_id":"', _hex(events.number),
        '","user_id":"', user_ids(events.customer),
        '","ts":"', *_instant(events.ts),
        '","received_at":"', *_instant(events.received),
        '","event":"', _words(usage.EVENTS, events.event),
        '","module":"', _words(MODULES, events.module),
        '","duration_min":', _numbers(events.minutes),
        ',"amount":', _numbers(events.amount),
        ',"device":', _words(OS_JSON, events.device),
        "}\n",
    ]  # fmt: skip
    return pc.binary_join_element_wise(*parts, "")


def user_ids(customer: Ints) -> pa.StringArray:
    digits = pc.utf8_lpad(pa.array(customer).cast(pa.string()), 6, "0")
    return pc.binary_join_element_wise("u", digits, "-")


def _hex(numbers: Ints) -> pa.StringArray:
    """Mix each number (a bijection on 64 bits, so ids stay unique) and write it as 16 hexadecimal digits."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xBF58476D1CE4E5B9)
    digits = HEX_PAIRS[mixed.byteswap().view(np.uint8)]
    offsets = np.arange(0, 16 * len(numbers) + 1, 16, dtype=np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(digits))


def _instant(ms: Ints) -> tuple[pa.Array, str, pa.Array, str]:
    instant = pa.array(ms).cast(pa.timestamp("ms"))
    return instant.cast(pa.date32()).cast(pa.string()), "T", instant.cast(pa.time32("ms")).cast(pa.string()), "Z"


def _words(vocabulary: tuple[str, ...], codes: Ints) -> pa.StringArray:
    return pa.array(vocabulary).take(pa.array(codes % len(vocabulary)))


def _numbers(values: Floats) -> pa.StringArray:
    return pc.fill_null(pa.array(values, mask=np.isnan(values)).cast(pa.string()), "null")


def _bytes(lines: pa.StringArray) -> memoryview:
    """The lines' own buffer is the file: no line is touched in Python."""
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[ends[0] : ends[-1]]


def _save(path: Path, text: memoryview) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text, compresslevel=1, mtime=0))
