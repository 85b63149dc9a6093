"""What the commands print."""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from holdfast.words import lowered, quantity
from infra.cli import api
from infra.cli.deployment import OUTPUTS, STATE, Deployment, relative
from infra.cli.findings import Finding
from infra.cli.lake import State
from infra.cli.status import Status


def results(console: Console, deployment: Deployment, truth: Path | None) -> None:
    """Everything that a finished demo ends with."""
    listed = api.get(deployment, "customers?limit=10")
    console.print("\n[bold]The ten customers most at risk[/], through API Gateway")
    ranking(console, listed, levers_of(deployment, listed))
    model(console, api.get(deployment, "models"), json.loads(truth.read_text())["achievable"] if truth else None)
    _whereabouts(console, deployment, listed["customers"])


def levers_of(deployment: Deployment, listed: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What would lower the risk of each customer of a ranking, by customer."""
    customers = [each["customer_id"] for each in listed["customers"]]
    found = api.scores(deployment, customers, reasons=0)
    return {item["id"]: item["score"]["levers"] for item in found if item["score"]}


def ranking(console: Console, listed: dict[str, Any], levers: Mapping[str, list[dict[str, Any]]] | None = None) -> None:
    """Customers with probability, value and persona, and below each what weighs most and, if known, what would lower it."""
    for place, customer in enumerate(listed["customers"], 1):
        worth = (
            f"worth {customer['value']:,.0f} {listed['currency']}" if customer["value"] is not None else "worth unknown"
        )
        console.print(
            f"\n{place:>3}. {customer['customer_id']}  [bold]{customer['probability']:.0%}[/] {worth}, {lowered(customer['persona'])}"
        )
        _reasons(console, customer["reasons"])
        _levers(console, (levers or {}).get(customer["customer_id"], [])[:1])
    if not listed["customers"]:
        console.print("nobody is scored yet")


def score(console: Console, scored: dict[str, Any]) -> None:
    """One score: how likely, what it is worth, why, and what would lower it."""
    console.print(f"{scored['customer_id']}  {_head(scored)}")
    console.print(f"     {scored['persona_sentence']}", style="dim")
    console.print(f"\nWhat moves it, from {scored['base_probability']:.1%} for the average customer")
    _reasons(console, scored["reasons"], points=True)
    others = scored["others"]
    console.print(f"     … {others['features']} others together {_points(others)}")
    if scored["levers"]:
        console.print("\nWhat would lower it, as far as what goes together with leaving also causes it")
        _levers(console, scored["levers"])
    console.print(
        f"\nmodel {scored['model']}, feature set {scored['feature_set']}, as of {scored['as_of'][:10]}", style="dim"
    )


def scored_items(console: Console, items: Iterable[dict[str, Any]]) -> int:
    """One line per id; how many have no score."""
    failed = 0
    for item in items:
        said = (
            _head(item["score"])
            if item["score"]
            else f"[red]{item['problem']['status']}[/] {item['problem']['detail']}"
        )
        console.print(f"{item['id']:<40}{said}")
        failed += item["score"] is None
    return failed


def _head(scored: dict[str, Any]) -> str:
    worth = (
        f"worth {scored['value']['amount']:,.0f} {scored['value']['currency']}" if scored["value"] else "worth unknown"
    )
    return f"[bold]{scored['probability']:.0%}[/] {scored['band']} risk, {worth}, {lowered(scored['persona'])}"


def _reasons(console: Console, reasons: list[dict[str, Any]], *, points: bool = False) -> None:
    for reason in reasons:
        sign = "[red]+[/]" if reason["direction"] == "raises" else "[green]−[/]"
        weight = f" ({_points(reason)})" if points else ""
        console.print(f"     {sign} {reason['sentence']}: {quantity(reason['value'], reason['unit'])}{weight}")


def _levers(console: Console, levers: list[dict[str, Any]]) -> None:
    for lever in levers:
        console.print(f"     [yellow]→[/] {lever['sentence']}: {lowered(lever['advice'])}")


def _points(told: dict[str, Any]) -> str:
    return f"{told['contribution_points'] * 100:+.1f} points"


def model(console: Console, champion: dict[str, Any], achievable: dict[str, Any] | None) -> None:
    """How good the champion is on its holdout, beside what a model that knows everything could reach."""
    churn, value = champion["churn"], champion["value"]
    console.print(
        f"\n[bold]The model[/] {champion['champion']}, judged on {churn['rows']:,} customers of whom {churn['churners']:,} left ({champion['validation']})"
    )
    rows = [
        ("AUC", f"{churn['auc']:.3f} ({churn['auc_low']:.3f} to {churn['auc_high']:.3f})", "auc", "{:.3f}"),
        ("lift at 10 %", f"{churn['lift_10']:.2f}", "lift_10", "{:.2f}"),
        ("lift at 21 %", f"{churn['lift_21']:.2f}", None, ""),
        ("churn in the top 21 %", f"{churn['churn_in_top_21']:.1%}", "share_top_21", "{:.1%}"),
    ]
    for what, reached, key, form in rows:
        beside = (
            f"achievable {form.format(achievable[f'realised_{key}'])}, {form.format(achievable[f'expected_{key}'])} in expectation"
            if achievable and key
            else ""
        )
        console.print(f"  {what:<22}{reached:<24}{beside}".rstrip())
    console.print(
        f"  {'lifetime value':<22}off by {value['mae']:,.1f} on average ({value['mae_of_mean']:,.1f} if all were given the mean), "
        f"RMSE {value['rmse']:,.1f}, correlation {value['correlation']:.3f}, in all {value['total_predicted']:,.0f} against {value['total_actual']:,.0f}"
    )


def status(console: Console, found: Status) -> None:
    """The last runs, how fresh scores are, the alarms that go off, and what the last day's metrics say."""
    for run in found.runs:
        took = f"{run.seconds:6.0f} s" if run.status != "RUNNING" else f"{run.seconds:6.0f} s so far"
        cost = f"  {run.usd:.3f} USD" if run.usd is not None else ""
        console.print(
            f"{run.started:%Y-%m-%d %H:%M}  {run.name:<34} {run.status:<10} {took}  {run.says}{cost}", markup=False
        )
        if run.mend:
            console.print(f"{'':<18}mend the cause, then: {run.mend}", markup=False)
    if not found.runs:
        console.print("no run yet: `holdfast run` starts one")
        return
    console.print(f"\n{found.fresh}")
    console.print("last day: " + "; ".join(found.last_day), markup=False)
    for alarm in found.alarms:
        console.print(f"[red]ALARM[/] {escape(alarm)}")
    if not found.alarms:
        console.print("no alarm is going off")


def quarantined(console: Console, counts: list[dict[str, Any]]) -> None:
    """Rows in quarantine by run, table and rule, each with what is wrong."""
    if not counts:
        console.print("nothing is in quarantine")
    for (run, table), found in groupby(counts, key=lambda each: (each["run"], each["table"])):
        console.print(f"\n[bold]{run}  {table}[/]")
        for each in found:
            console.print(f"{each['rows']:>9,}  {each['severity']:<11}{each['rule']}  {each['reason']}", markup=False)


def tables(console: Console, states: list[State]) -> None:
    """One line per table of the lake."""
    width = max(len(each.name) for each in states) + 2
    head = f"{'table':<{width}}{'rows':>12}{'files':>7}{'MB':>9}{'snapshots':>11}  {'last commit (UTC)':<19}writer"
    console.print(head, markup=False)
    for each in states:
        when = f"{each.committed:%Y-%m-%d %H:%M}" if each.committed else "never"
        counts = f"{each.rows:>12,}{each.files:>7,}{each.megabytes:>9,.1f}{each.snapshots:>11,}"
        console.print(f"{each.name:<{width}}{counts}  {when:<19}{each.writer}".rstrip(), markup=False)


def kept_up(console: Console, done: dict[str, Any]) -> None:
    """What the upkeep of the lake did."""
    console.print(
        f"{done['tables']} tables: {done['compacted']:,} small files brought together, {done['expired']:,} snapshots "
        f"forgotten, {done['orphans']:,} files deleted that nobody needs"
    )
    if done["left"]:
        console.print(f"left for the next time: {', '.join(done['left'])} (being written, or out of time)")


def finding(console: Console, each: Finding) -> None:
    """One check of the doctor's."""
    mark = "[green]✓[/]" if each.well else "[red]✗[/]"
    console.print(f"{mark} {each.check:<14}{escape(each.found)}" + (f" → {escape(each.mend)}" if each.mend else ""))


def _whereabouts(console: Console, deployment: Deployment, customers: list[dict[str, Any]]) -> None:
    if customers:
        console.print("\n[bold]Ask for one yourself[/]")
        console.print(api.curl(deployment, api.score_path(customers[0]["customer_id"])), markup=False)
    lines = {
        "report": relative(Path(deployment.report)),
        "logs": f"holdfast logs ScoreAll (or another state); the runtime's own: {relative(STATE / 'runtime.log')}",
        "dashboard": f"CloudWatch dashboard {deployment.dashboard!r} at {deployment.endpoint or 'the AWS console'}",
        "alerts": "holdfast alerts",
        "runs": "holdfast status",
        "programs": relative(OUTPUTS),
        "stop": "make down",
    }
    console.print()
    for what, where in lines.items():
        console.print(f"{what:<11}{where}")
