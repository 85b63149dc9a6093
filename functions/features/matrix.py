"""All features of a world at one cutoff."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, count

import numpy as np
import numpy.typing as npt

from features import activity, attributes, company, deals, named, splits
from features.definitions import Definitions
from features.labels import existing
from features.view import At, View
from features.wording import Column, any_of
from features.world import World
from holdfast.feature_set import Feature

Singles = npt.NDArray[np.float32]
Matrix = dict[Feature, Singles]
"""One array per feature, in order."""


@dataclass(frozen=True)
class Recipe:
    """What fixes the values beside the world: definitions, windows in days, units, chosen columns."""

    definitions: Definitions
    windows: tuple[int, ...]
    units: dict[str, str]
    currency: str
    customers: attributes.Choice
    companies: attributes.Choice

    @property
    def edges(self) -> tuple[int, ...]:
        """The ends of all spans in days."""
        return self.definitions.edges(self.windows)


def matrix(world: World, recipe: Recipe, cutoff: At, rows: npt.NDArray[np.int64]) -> Matrix:
    """Every feature of the customers `rows` at a cutoff, from nothing that happened or became known later.

    The cutoff is a day number, the same for all or one for each customer of the world, who then have no features of deals.

    Attributes of customers and companies are the exception: their tables hold today's state only.
    """
    return {feature: _single(values[rows]) for feature, values in _distinct(_columns(world, recipe, cutoff))}


def stacked(parts: Iterable[Matrix], rows: int) -> Matrix:
    """Matrices of several cutoffs below one another, of so many rows in all; each is let go before the next is asked for."""
    whole: Matrix = {}
    start = 0
    for part in parts:
        whole = whole or {feature: np.empty(rows, np.float32) for feature in part}
        end = start + len(next(iter(part.values())))
        for feature, values in whole.items():
            values[start:end] = part[feature]
        start = end
        del part
    return whole


def _columns(world: World, recipe: Recipe, cutoff: At) -> Iterator[Column]:
    left_out = recipe.definitions.leave_out
    views = {name: View(cells, cutoff, recipe.edges) for name, cells in world.cells.items()}
    own = [column for column in _own(views, recipe) if not any_of(column[0].name, left_out)]
    yield from own
    for column in _shared(world, views, own, recipe, cutoff):
        if not any_of(column[0].name, left_out):
            yield column


def _own(views: dict[str, View], recipe: Recipe) -> Iterator[Column]:
    yield from named.columns(views, recipe.definitions)
    for name, entity in recipe.definitions.activities().items():
        if name in views:
            scope = activity.Scope(entity, views[name], recipe.windows, recipe.definitions, recipe.units)
            yield from activity.columns(scope)
            yield from splits.columns(scope)


def _shared(world: World, views: dict[str, View], own: list[Column], recipe: Recipe, cutoff: At) -> Iterator[Column]:
    yield _tenure(world, cutoff)
    if (world.company >= 0).any():
        members = company.Members(world.company, _here(world, views, cutoff))
        yield from company.columns(views, members, recipe.definitions.company)
        yield from company.statistics(own, members, recipe.definitions.company)
    if world.deals and isinstance(cutoff, int):
        standing = deals.Standing(world.deals, world.company, cutoff)
        yield from deals.columns(standing, recipe.windows, recipe.definitions.deals.recent_days, recipe.currency)
    yield from attributes.columns(world.customers, recipe.customers, "customer")
    if world.companies is not None:
        yield from attributes.columns(world.companies, recipe.companies, "company")


def _tenure(world: World, cutoff: At) -> Column:
    days = np.where(world.created < cutoff, cutoff - world.created, np.nan)
    return Feature("tenure_days", "Days since the customer was created", "days", "customer", actionable=False), days


def _here(world: World, views: dict[str, View], cutoff: At) -> npt.NDArray[np.float64]:
    here = existing(world.created, cutoff)
    if "events" in views:
        here &= ~np.isnan(world.created) | (views["events"].counts[-1] > 0)
    return here.astype(np.float64)


def _distinct(columns: Iterable[Column]) -> Iterator[Column]:
    """Number the later ones of equal names, which kinds that differ in their punctuation only can have."""
    taken: set[str] = set()
    for feature, values in columns:
        name = next(
            name for name in chain([feature.name], (f"{feature.name}_{i}" for i in count(2))) if name not in taken
        )
        taken.add(name)
        yield replace(feature, name=name), values


def _single(values: npt.NDArray[np.float64]) -> Singles:
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    return np.where(np.isfinite(single), single, np.float32(np.nan))
