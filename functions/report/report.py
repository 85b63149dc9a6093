"""State `Report`: write the executives' page of a run."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from holdfast.bundle import IMPORTANCE, METRICS, PERSONAS, SETTINGS, load
from holdfast.contracts import Reported, ReportWanted
from holdfast.errors import NoData
from holdfast.lake import Lake
from holdfast.observe import step
from holdfast.predictors import Personas
from holdfast.resources import artifacts, lake, settings
from holdfast.runs import recorded
from holdfast.store import Store
from report.page import page
from report.quality import judged, quality
from report.spent import spent
from report.summary import Findings, summary

_HTML = "text/html; charset=utf-8"


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Write the page, answer where it is, and what the run has cost."""
    wanted = ReportWanted.parse(event)
    found = spent(wanted, artifacts(), datetime.now(UTC))
    answer = report(wanted, lake(), artifacts(), settings().name)
    return replace(answer, usd=round(found.usd, 4)).to_json()


def report(wanted: ReportWanted, lake: Lake, store: Store, name: str) -> Reported:
    """Read the run's scores and the champion's bundle, write one self-contained page.

    Raises:
        NoData: nobody was scored.
    """
    scores = lake.read("scores", snapshot_id=wanted.scores_snapshot)
    if scores is None or not scores.num_rows:
        raise NoData("table scores is empty: there is nothing to report")
    bundle = load(store, wanted.champion)
    found = Findings(
        bundle.feature_set, Personas.from_json(bundle.json(PERSONAS)),
        bundle.json(METRICS), bundle.json(IMPORTANCE), bundle.json(SETTINGS),
    )  # fmt: skip
    run = {"name": name, "run": wanted.run, "as_of": wanted.as_of, "model": wanted.champion}
    data = {"data": quality(judged(store, wanted.run), _disputed(store, wanted.run))}
    body = page(summary(scores, found) | data, run).encode()
    store.write("reports/latest.html", body, _HTML)
    key = f"reports/{wanted.run}.html"
    store.write(key, body, _HTML)
    return Reported(key)


def _disputed(store: Store, run: str) -> int:
    """How often the sources disagree on who somebody is."""
    try:
        return sum(recorded(store, run).get("contradictions", {}).values())
    except KeyError:
        return 0
