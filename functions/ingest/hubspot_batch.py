"""HubSpot's batch reads: every page of every input, and of a partial answer (207) only what failed is asked again."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.http import Request
from ingest.streams import Fetch, Record, UnexpectedShapeError, inside, listed

TRIES = 5
"""How often one input may fail."""

Input = dict[str, str]


def batch_read(fetch: Fetch, path: str, ids: Sequence[str], most: int, **wanted: Any) -> Iterator[Record]:
    """Results for some ids, at most so many of them in a request; what is not there gives none.

    Raises:
        UnexpectedShapeError: an input fails again and again.
    """
    for first in range(0, len(ids), most):
        yield from _read(fetch, path, [{"id": each} for each in ids[first : first + most]], wanted)


def _read(fetch: Fetch, path: str, inputs: list[Input], wanted: Mapping[str, Any]) -> Iterator[Record]:
    failures: Counter[str] = Counter()
    while inputs:
        answer = fetch(Request("POST", path, json={"inputs": inputs} | dict(wanted)))
        results = [each for each in listed(answer, "results", path) if isinstance(each, dict)]
        yield from results
        failed = _failed(answer, inputs, results)
        failures.update(each["id"] for each in failed)
        if any(failures[each["id"]] > TRIES for each in failed):
            raise UnexpectedShapeError(
                f"{path} gives nothing for {len(failed)} of its inputs, however often it is asked"
            )
        inputs = [*_continued(results), *failed]


def _continued(results: list[Record]) -> Iterator[Input]:
    """Inputs of which there are more pages."""
    for each in results:
        after = inside(each, "paging", "next", "after")
        if after:
            yield {"id": owner(each), "after": str(after)}


def owner(result: Record) -> str:
    """The id of the input that a result belongs to."""
    return str(inside(result, "from", "id") or result.get("id"))


def _failed(answer: Mapping[str, Any], inputs: list[Input], results: list[Record]) -> list[Input]:
    """Inputs that a partial answer names as failed; one that has nothing to give is named too, and is none.

    Of an error that names no input, all that gave nothing have failed.
    """
    errors = [each for each in answer.get("errors", []) if isinstance(each, dict)]
    named = [_ids(each) for each in errors if not _nothing_there(each)]
    failed = {one for ids in named for one in ids}
    if not all(named):
        failed |= {each["id"] for each in inputs} - {owner(each) for each in results} - _absent(errors)
    return [each for each in inputs if each["id"] in failed]


def _absent(errors: list[Record]) -> set[str]:
    return {one for each in errors if _nothing_there(each) for one in _ids(each)}


def _ids(error: Record) -> set[str]:
    return {str(one) for key in ("id", "ids", "fromObjectId") for one in (inside(error, "context", key) or [])}


def _nothing_there(error: Record) -> bool:
    said = f"{error.get('category')} {error.get('subCategory')}"
    return "NOT_FOUND" in said or "NO_ASSOCIATIONS" in said
