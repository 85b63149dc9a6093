"""The features that customer success teams ask for by name."""

from collections.abc import Iterator, Mapping

import numpy as np

from features.activity import usual_gap
from features.definitions import Definitions, Rate
from features.view import View
from features.wording import Column, share
from holdfast.feature_set import Feature


def columns(views: Mapping[str, View], definitions: Definitions) -> Iterator[Column]:
    """Each one whose table, kind or measure the data has."""
    if "events" in views:
        yield from _minutes(views["events"], definitions)
        yield from _login(views["events"], definitions)
        yield from _adoption(views["events"], definitions)
    for rate in definitions.rates:
        if rate.table in views:
            yield from _rate(views[rate.table], rate)
    if "tickets" in views:
        tickets = Feature("support_tickets_90d", "Support tickets in the last 90 days", "", "tickets")
        yield tickets, views["tickets"].counts[views["tickets"].span(90)]


def _minutes(view: View, definitions: Definitions) -> Iterator[Column]:
    measure = next((name for name in definitions.named.minutes if name in view.measures), None)
    if measure:
        feature = Feature(
            "avg_daily_active_minutes_90d", "Average active minutes per day over the last 90 days", "minutes", "events"
        )
        yield feature, view.measure(measure).total[view.span(90)] / 90


def _login(view: View, definitions: Definitions) -> Iterator[Column]:
    kind = view.code_of("kind", definitions.named.login)
    code = None if kind is None else ("kind", kind)
    first, last = view.moments(code)
    days = (view.days.active if code is None else view.active_days(code))[-1]
    what = "event" if kind is None else "login"
    delta = f"Days since the last {what}, less the usual gap between {what}s"
    yield Feature("days_since_last_login", f"Days since the last {what}", "days", "events"), last
    yield Feature("last_login_delta", delta, "days", "events"), last - usual_gap(first, last, days)


def _adoption(view: View, definitions: Definitions) -> Iterator[Column]:
    if modules := view.texts.get("module"):
        days, weights = definitions.named.adoption_days, definitions.named.module_weights
        used = view.by("module")[:, view.span(days)] > 0
        sentence = f"Modules used in the last {days} days, each with its weight"
        score = (used * np.array([weights.get(module, 1.0) for module in modules])[:, None]).sum(axis=0)
        yield Feature("feature_adoption_score", sentence, "points", "events"), score


def _rate(view: View, rate: Rate) -> Iterator[Column]:
    part, whole = view.code_of("kind", rate.part), view.code_of("kind", rate.whole)
    if part is None or whole is None:
        return
    counts = view.by("kind")
    for days in rate.windows_days:
        feature = Feature(f"{rate.name}_{days}d", f"{rate.sentence} in the last {days} days", "share", rate.table)
        yield feature, share(counts[part, view.span(days)], counts[whole, view.span(days)])
    for days in rate.half_lives_days:
        sentence, fading = f"{rate.sentence}, each counting half after {days} days", view.decayed(days, "kind")
        yield (
            Feature(f"{rate.name}_fading_{days}d", sentence, "share", rate.table),
            share(fading[part], fading[whole]),
        )
