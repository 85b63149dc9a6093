"""A source is asked again when it wants, and that often it is let alone for longer."""

from datetime import UTC, datetime

from holdfast.contracts import AGAIN, DONE, WAIT, Extract, Landed
from ingest.patience import SHORT_WAITS, patient

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
SOON, LATER = "2026-11-01T03:01:30Z", "2026-11-02T00:00:00Z"


def waiting(until: str) -> Landed:
    return Landed("crm_contacts", 5, 0, WAIT, until)


def test_at_first_a_source_is_asked_again_when_it_wants_and_it_is_counted() -> None:
    extract = Extract("run", "crm", "contacts")

    for count in range(1, SHORT_WAITS + 1):
        extract, answer = patient(extract, waiting(SOON), NOW)

        assert (extract.waits, answer) == (count, waiting(SOON))


def test_one_that_has_wanted_quiet_so_often_is_let_alone_for_ten_minutes_or_as_long_as_it_wants() -> None:
    extract = Extract("run", "crm", "contacts", waits=SHORT_WAITS)

    assert patient(extract, waiting(SOON), NOW)[1] == waiting("2026-11-01T03:10:00Z")
    assert patient(extract, waiting(LATER), NOW)[1] == waiting(LATER)


def test_what_does_not_wait_stays_as_it_is() -> None:
    extract = Extract("run", "crm", "contacts", waits=3)

    for following in (DONE, AGAIN):
        answer = Landed("crm_contacts", 5, 0, following)
        assert patient(extract, answer, NOW) == (extract, answer)
