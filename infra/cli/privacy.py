"""`holdfast forget` and `holdfast export`: one person, found by any identifier of theirs. It travels in the call alone."""

import csv
import io
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config

from holdfast.forgotten import MODELS
from holdfast.words import message_of
from infra.cli.deployment import Deployment, explained
from infra.trouble import Trouble

AGAIN, WAIT, DONE, UNKNOWN, SEVERAL = "again", "wait", "done", "unknown", "several"
_POLL_S = 5.0
_OWNERS_FILE, _OWNERS_FOLDER = 0o600, 0o700

Say = Callable[[str], None]


def found(deployment: Deployment, person: str) -> dict[str, Any]:
    """What is held of a person: `places`, `models`, `receipts`; nothing is changed."""
    places: dict[str, Any] = {}
    answer: dict[str, Any] = {"next": AGAIN, "at": 0}
    while answer["next"] == AGAIN:
        answer = _asked(deployment, action="find", person=person, at=answer["at"])
        places |= answer["places"]
    return answer | {"places": places}


@dataclass(frozen=True)
class How:
    """What the operator knows and allows: that something is held, that somebody unknown or several people are meant, waiting for a run."""

    known: bool = False
    unknown: bool = False
    several: bool = False
    wait: bool = False


def forgotten(deployment: Deployment, person: str, say: Say, how: How) -> dict[str, Any]:
    """Forget a person; goes on until it is done, and if asked to waits for a run that is under way.

    Raises:
        Trouble: nothing is held of them, they are several customers, or a run is under way; each with what to do.
    """
    while True:
        answer = _asked(deployment, action="forget", person=person, **asdict(how))
        match answer["next"]:
            case "again":
                say(f"{len(answer['places'])} places done, going on")
            case "wait" if how.wait:
                say(f"{answer['why']}: waiting for its end")
                time.sleep(_POLL_S)
            case "done":
                return answer
            case _:
                raise Trouble(why_not(answer))


def why_not(answer: Mapping[str, Any]) -> str:
    """Why nothing was done, and what can be."""
    if answer["next"] == SEVERAL:
        return f"this identifier leads to {answer['customers']} customers: forget them one by one by their own ids, or all with --several"
    if answer["next"] == WAIT:
        return (
            f"{answer['why']}. Whom you asked for is on the suppression list already (receipt {answer['receipt']}); what is held goes with "
            "--wait, when you run this again, or by itself at privacy.schedule"
        )
    said = [each for each in answer.get("receipts", []) if each.endswith("closed")]
    if said:
        return f"nothing is held of this person: forgotten before (receipt {said[0].split()[0]})"
    return "nothing is held of this person. To keep them out from now on all the same: --unknown"


def worked_off(deployment: Deployment, *, again: bool) -> dict[str, Any]:
    """Go on with every request that is open; with `again` with all others as well."""
    return _asked(deployment, action="due", again=again)


def put_back(deployment: Deployment) -> dict[str, Any]:
    """Put erasures that the state table has lost back from their copy: how many were `put_back`, and of how many `requests` in all."""
    return _asked(deployment, action="recover")


def lifted(deployment: Deployment, receipt: str) -> None:
    """Keep somebody out no longer.

    Raises:
        Trouble: there is no such receipt, or what it is for is not done yet.
    """
    match _asked(deployment, action="lift", receipt=receipt)["next"]:
        case "unknown":
            raise Trouble(f"there is no receipt {receipt}: `holdfast privacy receipts` lists them")
        case "again":
            raise Trouble("this request is still open: `holdfast privacy resume` goes on with it")


def exported(deployment: Deployment, person: str) -> Iterator[dict[str, Any]]:
    """Place by place what is held of a person: `place`, `about`, `rows`."""
    answer: dict[str, Any] = {"next": "more", "place": 0, "row": 0}
    begun: list[Any] = []
    while answer["next"] != DONE:
        answer = _asked(deployment, action="export", person=person, place=answer["place"], row=answer["row"])
        for part in answer["held"]:
            begun += part["rows"]
            if not part["more"]:
                yield part | {"rows": begun}
                begun = []


def written(held: Iterator[Mapping[str, Any]], folder: Path) -> list[tuple[str, int]]:
    """One JSON and one CSV per place in a folder that its owner alone may read, and an index; places and their rows.

    Raises:
        Trouble: there is something in the folder already, or nothing to write into it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Trouble(f"{folder} is not empty: name a folder that is, or none yet")
    listed = []
    for each in held:
        folder.mkdir(mode=_OWNERS_FOLDER, parents=True, exist_ok=True)
        folder.chmod(_OWNERS_FOLDER)
        name = each["place"].replace(" ", "-")
        write_private(folder / f"{name}.json", json.dumps(each["rows"], indent=1, ensure_ascii=False))
        write_private(folder / f"{name}.csv", _as_csv(each["rows"]))
        listed.append(
            (name, each["about"], len(each["rows"]), sorted({column for row in each["rows"] for column in row}))
        )
    if not listed:
        raise Trouble("nothing is held of this person")
    write_private(folder / "README.md", _index(listed))
    return [(name, count) for name, _, count, _ in listed]


def receipts(store: Any) -> list[dict[str, Any]]:
    """What was forgotten, the oldest first; nobody is named."""
    keys = [item.key for item in store.list("receipts/") if item.key != MODELS]
    return sorted((json.loads(store.read(key)) for key in keys), key=lambda each: str(each["opened_at"]))


def models(store: Any) -> dict[str, str]:
    """What became of the bundles that learnt from somebody who was forgotten, by version."""
    try:
        return {version: each["status"] for version, each in json.loads(store.read(MODELS)).items()}
    except KeyError:
        return {}


def summary(places: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """A line for each place."""
    for place, counts in sorted(places.items()):
        yield f"{place:<44}{', '.join(f'{count:,} {name}' for name, count in counts.items())}"


def _asked(deployment: Deployment, **event: Any) -> dict[str, Any]:
    # A call that takes minutes is not made a second time because its answer is late.
    patient = Config(read_timeout=910, retries={"total_max_attempts": 1})
    with explained(deployment.endpoint):
        answer = deployment.client("lambda", patient).invoke(
            FunctionName=deployment.forget_function, Payload=json.dumps(event).encode()
        )
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Trouble(
            f"it failed: {message_of(json.dumps(said))}; run the same again, it goes on where it was; `holdfast logs Forget` says more"
        )
    return dict(said)


def write_private(path: Path, text: str) -> None:
    """Write a file that was not there, and that its owner alone may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNERS_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def _as_csv(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return sink.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _index(listed: list[tuple[str, str, int, list[str]]]) -> str:
    lines = ["# What is held about you", "", "Each place is one file as JSON and one as a table (CSV).", ""]
    lines += ["| file | what it is, and from where | entries |", "|---|---|---|"]
    lines += [f"| {name} | {about} | {count:,} |" for name, about, count, _ in listed]
    lines += ["", "## Fields", ""]
    lines += [
        f"- **{name}**: {', '.join(fields[:40])}{f' and {len(fields) - 40} more' if len(fields) > 40 else ''}"
        for name, _, _, fields in listed
    ]
    return "\n".join(lines) + "\n"
