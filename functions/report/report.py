"""State `Report`: write the executives' page of a run, and its tables into the lake."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.bundle import CALIBRATOR, IMPORTANCE, METRICS, PERSONAS, SETTINGS, Bundle, load
from holdfast.contracts import Reported, ReportWanted
from holdfast.distribution import DRIFT_MEMORY
from holdfast.errors import NoData
from holdfast.feature_set import AS_OF
from holdfast.lake import Lake
from holdfast.observe import step
from holdfast.predictors import Personas, calibrator_from_json
from holdfast.resources import artifacts, lake, settings
from holdfast.runs import recorded
from holdfast.store import Store, read_json
from report import kept
from report.carried import carried
from report.page import page
from report.quality import Json, judged, quality, results
from report.scored import ADOPTED, Scored
from report.spent import spent
from report.summary import Findings, summary

_HTML = "text/html; charset=utf-8"
LATEST = "reports/latest.html"


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Write the page, answer where it is, and what the run has cost."""
    wanted = ReportWanted.parse(event)
    tables = results(artifacts(), wanted.run)
    usd = 0.0 if wanted.again else spent(wanted, artifacts(), tables, datetime.now(UTC)).usd
    answer = report(wanted, lake(), artifacts(), tables, settings().name)
    return replace(answer, usd=round(usd, 4)).to_json()


def report(wanted: ReportWanted, lake: Lake, store: Store, tables: list[Json], name: str) -> Reported:
    """Read the run's scores and the champion's bundle, write one self-contained page. `tables` are Validate's results.

    Raises:
        NoData: nobody was ever scored.
    """
    scores = lake.read("scores", snapshot_id=wanted.scores_snapshot)
    if scores is None:
        raise NoData("there is no table scores: there is nothing to report")
    bundle = load(store, wanted.champion)
    found = findings(bundle)
    scored = Scored.of(scores, _features(lake, wanted.as_of, found.feature_set.names), found.feature_set.names)
    night = kept.entered(lake, scored, datetime.fromisoformat(wanted.as_of), found.settings["currency"])
    names = _companies(lake)
    run = {"name": name, "run": wanted.run, "as_of": wanted.as_of, "model": wanted.champion}
    known = _recorded(store, wanted.run)
    about = {"data": quality(judged(store, tables), sum(known.get("contradictions", {}).values())),
             "drift": _drift(store), "cost": known.get("cost"), "hours": known.get("hours")}  # fmt: skip
    said = summary(scored, night, found, names)
    body = page(said | about, run, carried(scored, night, found, names, run | {"base": _base(bundle, scores)})).encode()
    store.write(LATEST, body, _HTML)
    key = f"reports/{wanted.run}.html"
    store.write(key, body, _HTML)
    return Reported(key)


def findings(bundle: Bundle) -> Findings:
    """What a bundle says about itself."""
    return Findings(
        bundle.feature_set, Personas.from_json(bundle.json(PERSONAS)),
        bundle.json(METRICS), bundle.json(IMPORTANCE), bundle.json(SETTINGS),
    )  # fmt: skip


def _features(lake: Lake, as_of: str, names: list[str]) -> pa.Table | None:
    """Those columns of the matrix that the scores were made from; nothing if it has gone on to another night."""
    there = lake.columns("features")
    if not there or lake.said_of("features").get(AS_OF, as_of) != as_of:
        return None
    return lake.read("features", ["customer_id", *(name for name in dict.fromkeys([*names, ADOPTED]) if name in there)])


def _companies(lake: Lake) -> dict[str, str]:
    """Names by id, of those that have one."""
    if not {"company_id", "name"} <= set(lake.columns("companies")):
        return {}
    held = lake.read("companies", ["company_id", "name"])
    return {row["company_id"]: row["name"] for row in (held.to_pylist() if held is not None else []) if row["name"]}


def _base(bundle: Bundle, scores: pa.Table) -> float:
    """The probability from which every explanation starts."""
    calibrator = calibrator_from_json(bundle.json(CALIBRATOR))
    return float(calibrator(np.array([scores["base"][0].as_py() if scores.num_rows else 0.0]))[0])


def _recorded(store: Store, run: str) -> dict[str, Any]:
    """What is known of the run: contradictions, what it has cost, how long it took."""
    try:
        return recorded(store, run)
    except KeyError:
        return {}


def _drift(store: Store) -> dict[str, Any] | None:
    """The last check against what the model learnt from: day, bundle and the features that were over the bounds; None before one."""
    try:
        checks = read_json(store, DRIFT_MEMORY)["checks"]
    except KeyError:
        return None
    return dict(checks[-1]) if checks else None
