"""What an operator sees of the sources, from outside."""

import re

from holdfast.settings import HubSpotSource, IntercomSource
from holdfast.vendors import streams_of
from tests.e2e.conftest import Demo

STREAMS = [
    *(f"hubspot/{stream}" for stream in streams_of(HubSpotSource(kind="hubspot"))),
    *(f"intercom/{stream}" for stream in streams_of(IntercomSource(kind="intercom"))),
]
SYNC = ("sources", "sync", "--stream", "hubspot/deals", "--backfill", "2026-01-31")


def test_every_stream_can_be_read_and_says_what_would_be_pulled(demo: Demo) -> None:
    said = demo.holdfast("sources", "check")

    assert [line.split()[1] for line in said.splitlines()] == STREAMS
    assert "a run pulls changes since" in said
    assert "✗" not in said


def test_a_refused_token_is_said_in_plain_words_with_the_command_that_mends_it(demo: Demo) -> None:
    demo.fault(1, token="another")
    said = demo.holdfast("sources", "check", expect=1)
    demo.fault(1)

    assert "the token is not accepted: holdfast secret set hubspot" in said


def test_every_stream_is_shown_with_how_far_it_is(demo: Demo) -> None:
    lines = demo.holdfast("sources", "status").splitlines()

    assert {"stream", "changes", "success", "rows", "lag", "now"} <= set(lines[0].split())
    assert [line.split()[0] for line in lines[1:]] == STREAMS


def test_a_small_demo_pulls_conversations_and_contacts_one_by_one_as_well(demo: Demo) -> None:
    lines = demo.holdfast("sources", "status").splitlines()

    for stream in ("intercom/conversation_parts", "intercom/data_events"):
        (line,) = [each for each in lines if each.startswith(f"{stream} ")]
        assert "never pulled" not in line


def test_one_stream_is_pulled_again_with_progress_and_nothing_else_is_done(demo: Demo) -> None:
    first, again = demo.holdfast(*SYNC), demo.holdfast(*SYNC)

    for said in (first, again):
        assert "hubspot/deals is pulled again from 2026-01-31" in said
        assert re.search(r"[1-9][\d,]* rows of [\d,]+ pages, landed", said)
        assert re.search(r"Transform .* 0 new rows in the lake", said)
        assert "Features" not in said


def test_a_stream_that_there_is_not_is_told_with_those_that_there_are(demo: Demo) -> None:
    said = demo.holdfast("sources", "sync", "--stream", "hubspot/x", expect=1)

    assert "hubspot/contacts" in said
