"""The rows that a cutoff contributes: who belongs to its population, with label and value."""

from dataclasses import dataclass

import numpy as np

from features import labels
from features.cells import Cells
from features.cutoffs import Cutoff
from features.rows import Floats, Ints
from features.world import World
from holdfast.errors import NoData
from holdfast.settings import Churn, LabelChurn, Settings, UsageChurn


@dataclass(frozen=True)
class Examples:
    """Customers of one cutoff by number, in the order of their ids; label 0 or 1, value NaN where it is not known."""

    cutoff: Cutoff
    rows: Ints
    label: Floats
    value: Floats


def population(world: World, churn: Churn, cutoff: int) -> Ints:
    """Numbers of the customers who could still leave at a cutoff; for a label column, of everybody.

    Raises:
        NoData: nobody.
    """
    rows = np.flatnonzero(_at_risk(world, churn, cutoff))
    if not len(rows):
        day = np.datetime64(cutoff, "D")
        raise NoData(f"none of {len(world)} customers could still leave on {day}, as churn `{churn.kind}` is defined")
    return rows


def examples(world: World, settings: Settings, cutoff: Cutoff) -> Examples:
    """The labelled rows of one cutoff; customers without a value in the label column are left out."""
    rows = population(world, settings.churn, cutoff.day)
    label = _label(world, settings.churn, cutoff.day)
    horizon = 0 if isinstance(settings.churn, LabelChurn) else settings.churn.horizon_days
    value = labels.value(settings.value, world.cells.get("events"), world.customers, cutoff.day, horizon)
    rows = rows[~np.isnan(label[rows])]
    return Examples(cutoff, rows, label[rows], value[rows])


def _at_risk(world: World, churn: Churn, cutoff: int) -> labels.Bools:
    if isinstance(churn, UsageChurn):
        return labels.active(_events(world), churn, world.created, cutoff)
    if isinstance(churn, LabelChurn) or world.ends is None:
        return np.ones(len(world), dtype=bool)
    return labels.under_contract(world.ends, world.created, cutoff)


def _label(world: World, churn: Churn, cutoff: int) -> Floats:
    if isinstance(churn, UsageChurn):
        return labels.silent(_events(world), churn, cutoff)
    if isinstance(churn, LabelChurn):
        return labels.labelled(world.customers, churn)
    if world.ends is None:
        raise NoData("churn `contract`: nothing says when contracts end")
    return labels.ended(world.ends, churn, len(world), cutoff)


def _events(world: World) -> Cells:
    if "events" not in world.cells:
        raise NoData("churn `usage` needs usage events: the table `events` is absent or empty")
    return world.cells["events"]
