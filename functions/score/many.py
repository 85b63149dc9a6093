"""Many scores in one answer: each id or row by itself, so that what is wrong with one is no matter of the others."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from holdfast.errors import HoldfastError, UnknownCustomer
from score.answers import Row, row_of, score_answers, vector_of
from score.held import Item as Held
from score.problems import RowInvalid, status_of
from score.serving import Model
from score.shapes import Failure, FeatureRow, Item, Scores

Choose = Callable[[Held], Model]
"""The model that scores what is held of somebody; raises where none does."""


class Asked(NamedTuple):
    """One part of a request, and what it came to so far: a row for a model, or what is in the way."""

    id: str | None
    what: tuple[Row, Model] | HoldfastError


def by_customers(customers: Sequence[str], found: Iterable[Held | None], choose: Choose) -> list[Asked]:
    """Customers with what is held of them."""
    return [Asked(customer, _held(item, choose)) for customer, item in zip(customers, found, strict=True)]


def by_rows(rows: Iterable[FeatureRow], model: Model) -> list[Asked]:
    """Rows of named features."""
    return [Asked(row.id, _given(row, model)) for row in rows]


def scores_answer(asked: Sequence[Asked], reasons: int) -> Scores:
    """An item for each part of the request, in its order."""
    made: dict[int, Item] = {}
    waiting: dict[Model, list[int]] = defaultdict(list)
    for at, each in enumerate(asked):
        if isinstance(each.what, HoldfastError):
            made[at] = Item(id=each.id, score=None, problem=_failure(each.what))
        else:
            waiting[each.what[1]].append(at)
    for model, places in waiting.items():
        rows = [each.what[0] for at in places if not isinstance((each := asked[at]).what, HoldfastError)]
        for at, score in zip(places, score_answers(rows, model, reasons), strict=True):
            made[at] = Item(id=asked[at].id, score=score, problem=None)
    failed = sum(item.problem is not None for item in made.values())
    return Scores(scored=len(made) - failed, failed=failed, items=[made[at] for at in range(len(asked))])


def _held(item: Held | None, choose: Choose) -> tuple[Row, Model] | HoldfastError:
    if item is None:
        return UnknownCustomer("nothing is held for this customer")
    try:
        model = choose(item)
        return row_of(item, model.scorer), model
    except HoldfastError as error:
        return error


def _given(row: FeatureRow, model: Model) -> tuple[Row, Model] | HoldfastError:
    try:
        return Row(vector_of(row.features, model.scorer.feature_set.names)), model
    except KeyError as error:
        return RowInvalid(f"model {model.version} reads no feature {str(error.args[0])[:80]!r}")


def _failure(error: HoldfastError) -> Failure:
    status, detail = status_of(error)
    return Failure(status=int(status), detail=detail)
