"""What Airbyte's acceptance tests ask of a connector, asked of every stream of every source against servers over real HTTP.

The numbers are those of its reference (connector-acceptance-tests-reference.md), in the order of its tests.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from holdfast.errors import ConfigurationInvalid, HoldfastError, SourceGarbled, SourceUnavailable
from holdfast.ledger import CURSOR
from holdfast.source_secrets import MemorySecret
from infra.cli.check import findings
from ingest.pull import USUAL, Limits
from tests.doubles.mortal import Fate
from tests.integration.stories import SOURCES, Chain, Server, settings_of, streams

HOUR, YEARS = 3600, 50 * 365 * 86_400_000
TYPES = {"text": pa.string(), "number": pa.float64(), "flag": pa.bool_(), "time": pa.timestamp("us", tz="UTC")}
NAMED = {"jobtitle": pa.string(), "annualrevenue": pa.float64()}
"""Properties that the configuration names, as the account declares them."""
PARTS = Limits(pages=1)
ALL = [(kind, stream) for kind in SOURCES for stream in streams(kind)]
of_every_source = pytest.mark.parametrize("kind", SOURCES)
of_every_stream = pytest.mark.parametrize(("kind", "stream"), ALL)


class AtCheckpoints(Fate):
    """Kills the function each time that it has noted how far it is."""

    def around(self, act: Callable[..., Any], *given: Any) -> Any:
        done = act(*given)
        if act.__name__ == "keep":
            self.share = 1.0
            self.step()
        return done

    def rise(self) -> None:
        super().rise()
        self.share = 0.0


@pytest.fixture(scope="session")
def chains(servers: dict[str, Server]) -> Callable[..., Chain]:
    """A chain of a source whose world is as it was made."""

    def make(kind: str, fate: Fate | None = None, limits: Limits = USUAL, **faults: Any) -> Chain:
        servers[kind].begin(faults)
        return Chain(servers[kind], fate or Fate(0), limits)

    return make


@pytest.fixture(scope="session")
def first_nights(chains: Callable[..., Chain]) -> dict[str, Chain]:
    """Each source after its first night, which nobody adds to."""
    pulled = {kind: chains(kind) for kind in SOURCES}
    for kind, chain in pulled.items():
        chain.night("first", streams(kind))
    return pulled


@of_every_source
def test_04_a_check_with_the_right_token_finds_every_stream_well(servers: dict[str, Server], kind: str) -> None:
    server = servers[kind]
    server.begin({})

    found = list(findings(settings_of(kind, server.url), lambda _: MemorySecret(server.secret()), {}))

    assert [each.stream for each in found] == list(streams(kind))
    assert all(each.well for each in found), [each for each in found if not each.well]


@of_every_source
def test_05_a_check_with_a_wrong_token_or_a_dead_server_says_so_and_does_not_crash(
    servers: dict[str, Server], kind: str
) -> None:
    servers[kind].begin({})
    right, nobody = settings_of(kind, servers[kind].url), settings_of(kind, "http://127.0.0.1:9")

    wrong = list(findings(right, lambda _: MemorySecret('{"token": "nobody-s"}'), {}))
    dead = list(findings(nobody, lambda _: MemorySecret('{"token": "nobody-s"}'), {}))

    assert all(not each.well and f"holdfast secret set {kind}" in each.says for each in wrong)
    assert all(not each.well and "cannot be reached" in each.says for each in dead)
    assert "nobody-s" not in repr(wrong + dead)


@of_every_stream
def test_08_every_stream_gives_records(first_nights: dict[str, Chain], kind: str, stream: str) -> None:
    assert first_nights[kind].landed("landing", "first", stream)


@of_every_stream
def test_09_every_record_is_what_its_stream_declares(first_nights: dict[str, Chain], kind: str, stream: str) -> None:
    chain = first_nights[kind]
    declared = {column.name: TYPES[column.kind] for column in chain.api.streams[stream].columns}

    landed = chain.table("landing", "first", stream)

    assert landed is not None
    types = {field.name: field.type for field in landed.schema}
    assert types.pop("_updated_at") == TYPES["time"]
    assert declared.items() <= types.items()
    assert (types.items() - declared.items()) <= NAMED.items()
    assert landed["id"].null_count == 0
    assert len(set(landed["id"].to_pylist())) == landed.num_rows
    assert chain.table("quarantine", "first", stream) is None


@of_every_stream
@pytest.mark.parametrize(
    ("fault", "error"),
    [({"garbage": True}, SourceGarbled), ({"down": True}, SourceUnavailable), ({"token": "x"}, ConfigurationInvalid)],
)
def test_12_what_breaks_a_pull_is_one_of_our_errors_and_names_the_source(
    servers: dict[str, Server], kind: str, stream: str, fault: dict[str, Any], error: type[HoldfastError]
) -> None:
    server = servers[kind]
    server.begin({})
    chain = Chain(server, Fate(0), USUAL, secret=server.secret())
    server.begin(fault)

    with pytest.raises(error, match=kind):
        chain.invoke("first", stream)


@of_every_source
def test_13_everything_pulled_twice_is_the_same(
    first_nights: dict[str, Chain], chains: Callable[..., Chain], kind: str
) -> None:
    again = chains(kind)
    again.night("again", streams(kind))

    for stream in streams(kind):
        assert again.landed("landing", "again", stream) == first_nights[kind].landed("landing", "first", stream), stream


@of_every_source
def test_14_a_second_pull_gives_nothing_that_is_older_than_where_the_first_one_ended(
    chains: Callable[..., Chain], kind: str
) -> None:
    chain = chains(kind)
    chain.night("first", streams(kind))
    cursors = {stream: chain.ledger.note(kind, stream, CURSOR) for stream in streams(kind)}
    chain.server.sleep(HOUR)

    chain.night("second", streams(kind))

    for stream, note in cursors.items():
        if chain.api.streams[stream].changed and not chain.api.streams[stream].lasting:
            moments = [row["_updated_at"].timestamp() * 1000 for row in chain.landed("landing", "second", stream)]
            assert note is not None
            assert all(moment >= note["cursor"] // 1000 * 1000 for moment in moments), stream


@of_every_source
def test_15_a_pull_goes_on_from_each_of_its_checkpoints(
    first_nights: dict[str, Chain], chains: Callable[..., Chain], kind: str
) -> None:
    fate = AtCheckpoints(0)
    chain = chains(kind, fate, PARTS, page_at_most=40, events_page=400)

    for stream in streams(kind):
        chain.pull("first", stream)

    assert fate.kills > len(streams(kind))
    for stream in streams(kind):
        ours, whole = (each.landed("landing", "first", stream) for each in (chain, first_nights[kind]))
        assert sorted(map(repr, ours)) == sorted(map(repr, whole)), stream


@of_every_source
def test_16_a_cursor_in_the_far_future_gives_no_records_and_no_error(chains: Callable[..., Chain], kind: str) -> None:
    chain = chains(kind)
    incremental = [stream for stream in streams(kind) if chain.api.streams[stream].changed]
    chain.night("first", incremental)
    for stream in incremental:
        note = chain.ledger.note(kind, stream, CURSOR) or {}
        chain.ledger.keep(kind, stream, CURSOR, note | {"cursor": note["cursor"] + YEARS})

    landed = {stream: chain.pull("second", stream).rows for stream in incremental}

    assert set(landed.values()) == {0}
