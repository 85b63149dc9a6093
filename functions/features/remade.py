"""A recorded feature set made once more on other days: with the definitions, texts and columns of its recipe."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from features.attributes import Choice
from features.definitions import as_recorded
from features.examples import examples, population
from features.held import over
from features.matrix import Matrix, Recipe, matrix, stacked
from features.synthesis import Scored, Synthesis, assembled, framed, length
from features.world import Tables, Vocabulary, World, gathered, in_order
from holdfast.errors import ConfigurationInvalid
from holdfast.feature_set import Feature, FeatureSet
from holdfast.memory import give_back
from holdfast.settings import Settings


def remade(
    tables: Tables, settings: Settings, wanted: FeatureSet, as_of: datetime, splits: Collection[str] = ()
) -> Synthesis:
    """The tables of `wanted` as of midnight UTC of the day of `as_of`; of the examples those of `splits` only, if any are given.

    A feature whose source is not there any more is unknown (NaN) for everybody.

    Raises:
        ConfigurationInvalid: what is deployed makes some of its features otherwise, or not at all.
    """
    recipe, words = _recipe(wanted, settings), _words(wanted.recipe)
    held = _with_columns(tables, recipe)
    rows, cutoffs, now = framed(held, settings, recipe.definitions, as_of)
    complete = {name: _complete(part, words[name]) for name, part in rows.items() if name in words}
    world = gathered(held, rows | complete, settings, recipe.definitions, words)
    del rows, complete
    give_back()
    parts = [examples(world, settings, cutoff) for cutoff in cutoffs if not splits or cutoff.split in splits]
    each = (_all_of(wanted, matrix(world, recipe, part.cutoff.day, part.rows), world) for part in parts)
    made = stacked(each, length(parts))
    scored = population(world, settings.churn, now.day)
    everybody = _all_of(wanted, matrix(world, recipe, now.day, scored), world)
    return assembled(world, parts, made, Scored(now, scored, everybody), wanted)


def _recipe(wanted: FeatureSet, settings: Settings) -> Recipe:
    said, definitions = wanted.recipe, as_recorded(wanted.recipe)
    if definitions is None:
        raise _gone(wanted, "its definitions are written for other code")
    return Recipe(definitions, tuple(said["windows_days"]), said["units"],
                  said.get("currency", settings.value.currency), said["customers"], said["companies"])  # fmt: skip


def _words(recipe: Mapping[str, Any]) -> dict[str, Vocabulary]:
    """Columns in the order in which they were met, which JSON with sorted keys does not keep."""
    return {
        name: Vocabulary({column: tuple(texts[column]) for column in in_order(texts)}, tuple(recipe["measures"][name]))
        for name, texts in recipe["texts"].items()
    }


def _with_columns(tables: Tables, recipe: Recipe) -> Tables:
    """The tables with every column that the recipe chose; one that they no longer have is null."""
    chosen = {"customers": recipe.customers, "companies": recipe.companies}
    filled = {name: _filled(tables[name], _columns(each), pa.null()) for name, each in chosen.items() if name in tables}
    return over(filled, tables)


def _columns(choice: Choice) -> list[str]:
    return [*choice["numbers"], *choice["categories"]]


def _complete(rows: pa.Table, words: Vocabulary) -> pa.Table:
    return _filled(_filled(rows, words.measures, pa.float64()), words.texts, pa.string())


def _filled(rows: pa.Table, names: Collection[str], kind: pa.DataType) -> pa.Table:
    for name in names:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, kind))
    return rows


def _all_of(wanted: FeatureSet, made: Matrix, world: World) -> Matrix:
    """The matrix with every feature of the set; those of a table that has no rows any more are NaN."""
    unknown = [feature for feature in wanted.features if feature not in made]
    names = {feature.name for feature in made}
    otherwise = [each for each in unknown if each.name in names or _source_is_there(each, wanted, world)]
    if otherwise:
        raise _gone(wanted, f"{len(otherwise)} of its features are made otherwise by now, {otherwise[0].name} first")
    rows = len(next(iter(made.values())))
    return {feature: made.get(feature, np.full(rows, np.nan, np.float32)) for feature in wanted.features}


def _source_is_there(feature: Feature, wanted: FeatureSet, world: World) -> bool:
    """What a company's features are made of is any table of activity."""
    whole = set(wanted.recipe["texts"]) <= set(world.cells) and bool((world.company >= 0).any())
    there = {"customer": True, "company": whole, "deals": world.deals is not None}
    return there.get(feature.group, feature.group in world.cells)


def _gone(wanted: FeatureSet, why: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"feature set {wanted.version} can no longer be made: {why}. Deploy the code that made it, or let it go: "
        "`holdfast features release`"
    )
