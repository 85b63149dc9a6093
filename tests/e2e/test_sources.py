"""What an operator sees of the sources, from outside."""

from tests.e2e.conftest import Demo


def test_every_stream_can_be_read_and_says_what_would_be_pulled(demo: Demo) -> None:
    said = demo.holdfast("sources", "check")

    assert "hubspot/contacts" in said
    assert "changes since" in said
    assert "✗" not in said


def test_a_refused_token_is_said_in_plain_words_with_the_command_that_mends_it(demo: Demo) -> None:
    demo.fault(1, token="another")
    said = demo.holdfast("sources", "check", expect=1)
    demo.fault(1)

    assert "the token is not accepted: holdfast secret set hubspot" in said


def test_the_cursor_of_every_stream_is_shown_and_a_stream_can_be_pulled_again(demo: Demo) -> None:
    lines = demo.holdfast("sources", "status").splitlines()

    assert {"stream", "changes", "success", "rows", "lag"} <= set(lines[0].split())
    assert sum(line.startswith(("hubspot/", "intercom/")) for line in lines) == 20
    assert "pulled again from 2026-01-31" in demo.holdfast(
        "sources", "sync", "--stream", "hubspot/deals", "--backfill", "2026-01-31"
    )
    assert "was ever pulled" in demo.holdfast(
        "sources", "sync", "--stream", "hubspot/x", "--backfill", "2026-01-31", expect=1
    )
