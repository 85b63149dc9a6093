"""From the lake's tables to training examples, the population to be scored, and the feature set that describes both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import attributes
from features.cutoffs import Cutoff, plan
from features.deals import days
from features.definitions import Definitions
from features.examples import Examples, examples, population
from features.matrix import Matrix, Recipe, matrix, stacked
from features.pruning import Today, pruned
from features.rows import DAY, DAY_US, Ints
from features.world import Tables, World, activities, gather
from holdfast.errors import NoData
from holdfast.feature_set import FeatureSet
from holdfast.memory import give_back
from holdfast.settings import ContractChurn, LabelChurn, Settings
from holdfast.tables import TEXT, TIME

HOLDOUT = "holdout"


class Scored(NamedTuple):
    """Who is to be scored: a cutoff, customers by number, and their features."""

    cutoff: Cutoff
    rows: Ints
    made: Matrix


@dataclass(frozen=True)
class Synthesis:
    """Tables `training_examples` and `features`, sorted by cutoff and customer, with the columns of `feature_set`."""

    examples: pa.Table
    features: pa.Table
    feature_set: FeatureSet


def synthesise(tables: Tables, settings: Settings, definitions: Definitions, as_of: datetime) -> Synthesis:
    """Make everything as of midnight UTC of the day of `as_of`.

    Raises:
        NoData: no customers, or none to look at from a cutoff.
        ConfigurationInvalid: the churn definition does not fit the data.
    """
    rows, cutoffs, now = framed(tables, settings, definitions, as_of)
    before = max(cutoff.day for cutoff in cutoffs if cutoff.split != HOLDOUT)
    world = gather(tables, rows, settings, definitions, before)
    parts = [examples(world, settings, cutoff) for cutoff in cutoffs]
    recipe = _recipe(
        world, settings, definitions, np.concatenate([part.rows for part in parts if part.cutoff.split != HOLDOUT])
    )
    del rows
    give_back()
    made = stacked((matrix(world, recipe, part.cutoff.day, part.rows) for part in parts), length(parts))
    there = population(world, settings.churn, now.day)
    scored = Scored(now, there, matrix(world, recipe, now.day, there))
    trained = [part for part in parts if part.cutoff.split != HOLDOUT]
    dropped = _pruned(world, recipe, settings, trained, _first(made, length(trained)), there)
    kept = tuple(feature for feature in scored.made if feature.name not in dropped)
    return assembled(world, parts, made, scored, FeatureSet(kept, _recorded(world, recipe), dropped))


def length(parts: Sequence[Examples]) -> int:
    """Rows of all parts."""
    return sum(len(part.rows) for part in parts)


def _first(made: Matrix, rows: int) -> Matrix:
    """The first rows, without a copy: the holdout's cutoff is the last one."""
    return {feature: values[:rows] for feature, values in made.items()}


def _pruned(
    world: World, recipe: Recipe, settings: Settings, trained: list[Examples], made: Matrix, there: Ints
) -> dict[str, str]:
    """Of the matrix of the training examples."""
    latest, before = trained[-1], length(trained[:-1])
    left = latest.label > 0 if isinstance(settings.churn, LabelChurn) else ~np.isin(latest.rows, there)
    today = Today(_attributes(world, recipe), before + np.arange(len(latest.rows)), left)
    labels = np.concatenate([part.label for part in trained])
    return pruned(made, labels, today, settings.features)


def _attributes(world: World, recipe: Recipe) -> frozenset[str]:
    """Names of the features that are columns of a table of today."""
    own = attributes.columns(world.customers, recipe.customers, "customer")
    shared = attributes.columns(world.companies, recipe.companies, "company") if world.companies is not None else ()
    return frozenset(feature.name for feature, _ in (*own, *shared))


def framed(
    tables: Tables, settings: Settings, definitions: Definitions, as_of: datetime
) -> tuple[dict[str, pa.Table], list[Cutoff], Cutoff]:
    """Activity with day numbers, the cutoffs of the examples, and the cutoff of now."""
    rows = activities(tables, definitions)
    end = int(as_of.timestamp() // 86_400)
    return rows, plan(settings.churn, settings.training, _first_day(tables, rows, end), end), Cutoff(end, "")


def assembled(world: World, parts: Sequence[Examples], made: Matrix, scored: Scored, wanted: FeatureSet) -> Synthesis:
    """Both tables, with the features of a set that the matrices hold; `made` is of all parts below one another."""
    heads = [_head(world, part.cutoff, part.rows, part) for part in parts]
    return Synthesis(
        _table(pa.concat_tables(heads), made, wanted),
        _table(_head(world, scored.cutoff, scored.rows), scored.made, wanted),
        wanted,
    )


def _recipe(world: World, settings: Settings, definitions: Definitions, trained: Ints) -> Recipe:
    never = definitions.never("customers") | {
        name.lower() for name in ("customer_id", "company_id", *_outcome(settings))
    }
    customers = attributes.choose(world.customers, trained, never, definitions.categories)
    companies = attributes.Choice(numbers=[], categories={}, dropped={})
    if world.companies is not None:
        companies = attributes.choose(world.companies, trained, definitions.never("companies"), definitions.categories)
    horizon = 0 if isinstance(settings.churn, LabelChurn) else settings.churn.horizon_days
    money = {settings.value.measure: settings.value.currency} if settings.value.measure else {}
    units = definitions.units | money
    return Recipe(definitions, definitions.windows(horizon), units, settings.value.currency, customers, companies)


def _outcome(settings: Settings) -> list[str]:
    churn = settings.churn
    told = [settings.value.column]
    if isinstance(churn, LabelChurn):
        told.append(churn.column)
    if isinstance(churn, ContractChurn):
        told += [churn.stage_column, churn.date_column]
    return [name for name in told if name]


def _recorded(world: World, recipe: Recipe) -> dict[str, Any]:
    return {
        "definitions": recipe.definitions.model_dump(mode="json"),
        "windows_days": list(recipe.windows),
        "texts": {
            name: {column: list(found) for column, found in cells.texts.items()} for name, cells in world.cells.items()
        },
        "measures": {name: list(cells.measures) for name, cells in world.cells.items()},
        "units": recipe.units,
        "customers": recipe.customers,
        "companies": recipe.companies,
        "currency": recipe.currency,
    }


def _first_day(tables: Tables, rows: Mapping[str, pa.Table], end: int) -> int:
    if not len(tables.get("customers", ())):
        raise NoData("no customer has arrived yet: check what the sources deliver (the rows of Ingest and Validate)")
    if "events" in rows:
        return int(pc.min(rows["events"][DAY]).as_py())
    created = days(tables["customers"]["created_at"])
    return int(np.nanmin(created)) if np.isfinite(created).any() else end


def _head(world: World, cutoff: Cutoff, rows: Ints, labelled: Examples | None = None) -> pa.Table:
    taken = pa.array(rows)
    head = pa.table({
        "customer_id": world.ids.take(taken).cast(TEXT),
        "company_id": world.customers["company_id"].combine_chunks().take(taken).cast(TEXT),
        "cutoff": pa.array(np.full(len(rows), cutoff.day * DAY_US), TIME),
    })  # fmt: skip
    if labelled is None:
        return head
    head = head.append_column("split", pa.array([cutoff.split] * len(rows), TEXT)).append_column(
        "label", pa.array(labelled.label)
    )
    return head.append_column("value", pa.array(labelled.value, from_pandas=True))


def _table(head: pa.Table, values: Matrix, wanted: FeatureSet) -> pa.Table:
    columns = [pa.array(values[feature], pa.float32(), from_pandas=True) for feature in wanted.features]
    return pa.table(
        [*(column.combine_chunks() for column in head.columns), *columns], names=[*head.column_names, *wanted.names]
    )
