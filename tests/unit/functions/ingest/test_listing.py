"""Which files are looked at: none is missed, whether it was told of, comes late, or its night failed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.ledger import MemoryLedger
from holdfast.store import MemoryStore
from ingest import listing
from ingest.listing import LARGE, WEEK_S, Listing, Told

DAY = 86_400.0


class Bucket(MemoryStore):
    """Counts what it listed."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__("uploads", dict.fromkeys(keys, b"x"))
        self.seen = 0

    def list(self, prefix: str, after: str = ""):
        for item in super().list(prefix, after):
            self.seen += 1
            yield item


def looked_at(
    store: MemoryStore, ledger: MemoryLedger, booked: set[str], told: Told, *, notified: bool = True
) -> list[str]:
    made = Listing("usage", store, "logs/", ledger, told, notified)
    return [item.key for item in made.files(lambda item: item.key in booked)]


def large(ledger: MemoryLedger, count: int = LARGE) -> tuple[Bucket, set[str]]:
    keys = [f"logs/{number:06}" for number in range(count)]
    store = Bucket(keys)
    looked_at(store, ledger, set(keys), Told((), True, DAY))
    store.seen = 0
    return store, set(keys)


def test_a_small_bucket_is_listed_whole_every_night():
    ledger = MemoryLedger()
    store, booked = large(ledger, 50)
    store.write("logs/000", b"late")

    assert "logs/000" in looked_at(store, ledger, booked, Told((), True, 2 * DAY))


def test_of_a_large_bucket_the_end_is_listed_and_what_was_told_of_before_it():
    ledger = MemoryLedger()
    store, booked = large(ledger)
    for key in ("logs/000000-late", "logs/000001-untold", "logs/999999"):
        store.write(key, b"x")

    found = looked_at(
        store, ledger, booked, Told({("uploads", "logs/000000-late"), ("uploads", "logs/999999")}, True, 2 * DAY)
    )

    assert {key for key in found if key not in booked} == {"logs/000000-late", "logs/999999"}
    assert store.seen < LARGE / 2


def test_what_nobody_told_of_is_found_within_a_week():
    ledger = MemoryLedger()
    store, booked = large(ledger)
    store.write("logs/000001-untold", b"x")

    assert "logs/000001-untold" in looked_at(store, ledger, booked, Told((), True, DAY + WEEK_S))


def test_where_more_is_told_than_one_plan_reads_or_nothing_can_be_told_all_is_listed():
    for told, notified in ((Told((), False, 2 * DAY), True), (Told((), True, 2 * DAY), False)):
        ledger = MemoryLedger()
        store, booked = large(ledger)
        store.write("logs/000001-late", b"x")

        assert "logs/000001-late" in looked_at(store, ledger, booked, told, notified=notified)


def test_a_file_that_was_told_of_once_is_looked_at_until_it_is_in_the_lake():
    ledger = MemoryLedger()
    store, booked = large(ledger)
    store.write("logs/000000-late", b"x")

    looked_at(store, ledger, booked, Told({("uploads", "logs/000000-late")}, True, 2 * DAY))
    again = looked_at(store, ledger, booked, Told((), True, 3 * DAY))
    looked_at(store, ledger, booked | {"logs/000000-late"}, Told((), True, 4 * DAY))
    forgotten = looked_at(store, ledger, booked | {"logs/000000-late"}, Told((), True, 5 * DAY))

    assert "logs/000000-late" in again
    assert "logs/000000-late" not in forgotten


def test_what_was_told_of_and_is_gone_again_is_no_file():
    ledger = MemoryLedger()
    store, booked = large(ledger)

    found = looked_at(store, ledger, booked, Told({("uploads", "logs/000000-gone")}, True, 2 * DAY))

    assert "logs/000000-gone" not in found


NIGHT = st.tuples(st.lists(st.integers(0, 60), max_size=5), st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(NIGHT, max_size=8))
def test_no_file_that_is_told_of_is_ever_missed_though_nights_fail(nights):
    before = listing.LARGE, listing.RECENT
    listing.LARGE, listing.RECENT = 3, 2
    try:
        ledger, store, booked = MemoryLedger(), Bucket([f"logs/{number:02}" for number in range(20, 30)]), set()
        for number, (names, succeeds) in enumerate(nights, 1):
            told = {("uploads", f"logs/{name:02}") for name in names}
            for _, key in told:
                store.write(key, b"x")
            found = looked_at(store, ledger, booked, Told(told, True, number * 3600.0))
            assert set(store.objects) - booked <= set(found)
            booked |= set(found) if succeeds else set()
    finally:
        listing.LARGE, listing.RECENT = before
