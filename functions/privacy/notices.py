"""People who want to be forgotten, as their sources tell: a notice becomes a request once the source no longer has them."""

from collections.abc import Iterable, Mapping
from uuid import uuid4

from holdfast.hints import Hint
from privacy.places import House
from privacy.register import Request
from privacy.sought import Sought


def opened(house: House, told: Mapping[str, Iterable[Hint]]) -> int:
    """Open a request for each notice that has none; how many. `told` are the notices of contacts by source.

    A night asks the source about every notice. Whom it still has after that is not forgotten: nobody is on a notice's word alone.
    """
    known, count = house.register.tokens(), 0
    for source, hints in told.items():
        there = _there(house, source)
        for hint in (each for each in hints if each.id not in there):
            sought = Sought(house.keys)
            sought.learn_record(f"{source}/contacts", hint.id)
            if sought.tokens.isdisjoint(known):
                request = Request(uuid4().hex, house.now().isoformat(timespec="microseconds"), reason="notice")
                house.register.suppress(request.receipt, sought.tokens)
                house.register.save(request)
                count += 1
    return count


def _there(house: House, source: str) -> set[str]:
    """Ids of the contacts that a source had when it was last asked."""
    held = house.lake.lake.read(f"raw_{source}_contacts", ("id", "_removed"))
    rows = [] if held is None else held.to_pylist()
    return {row["id"] for row in rows if not row["_removed"]}
