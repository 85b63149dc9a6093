"""The short form of `make fuzz`: examples of the repository, cut, repeated and mixed at random, crash nothing that reads them."""

from contextlib import suppress
from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from score import api
from tests.fuzz.guided import TARGETS

SLOW = {"answers": 12, "logs": 12, "bodies": 20, "bundles": 20}
"""Examples of targets that take milliseconds each."""
NASTY = [
    b"",
    b"\x00",
    b"\xff",
    b"{",
    b"[" * 3000,
    b"null",
    b"-1",
    b"1e999",
    b'"',
    b"\n",
    b"\\u0000",
    b"[]",
    b"{}",
    b"NaN",
    b"\xed\xa0\x80",
]


@pytest.fixture(autouse=True)
def the_scorer_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target puts a scorer over memory into the API: it is taken out again before the next test."""
    for name in ("serving", "people", "settings"):
        monkeypatch.setattr(api, name, getattr(api, name))


@st.composite
def mangled(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed of which a part is something else: of another seed, nasty, or random."""
    seed, other = draw(st.sampled_from(seeds)), draw(st.sampled_from(seeds))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(seed))] * 2)))
    at, to = sorted(draw(st.tuples(*[st.integers(0, len(other))] * 2)))
    put = draw(st.sampled_from(NASTY) | st.binary(max_size=8) | st.just(other[at:to]))
    return seed[:start] + put + seed[end:] if draw(st.booleans()) else seed[:start] + put + seed[start:]


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_is_read_crashes_its_reader(name: str) -> None:
    target = import_module(f"tests.fuzz.targets.{name}")
    seeds = target.seeds()

    @settings(max_examples=SLOW.get(name, 60), deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(mangled(seeds))
    def read(data: bytes) -> None:
        with suppress(*target.ALLOWED):
            target.once(data)

    read()
