"""How one person is forgotten: suppressed first, then taken out of place after place, then looked for once more."""

from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

from holdfast import records
from holdfast.forgotten import receipt_key
from holdfast.locks import ENTRY, UPKEEP
from holdfast.observe import logger
from holdfast.store import read_json, write_json
from privacy import closure, models, register
from privacy.places import House, looks
from privacy.register import CLOSED, LIFTED, OPEN, PART, Request, summed
from privacy.sought import Sought

AGAIN, WAIT, DONE, UNKNOWN, SEVERAL = "again", "wait", "done", "unknown", "several"


def found(house: House, person: str, at: int = 0) -> dict[str, Any]:
    """What is held of a person, by place from the `at`-th on, as far as time allows, without changing anything."""
    sought, known = _sought(house, person)
    places: dict[str, dict[str, int]] = {}
    for number, (name, look) in enumerate(looks(house, sought, dry=True)):
        if number >= at and not house.in_time():
            return {"next": AGAIN, "at": number, "places": places}
        if number >= at and (counts := look()):
            place = name.partition(PART)[0]
            places[place] = summed(places.get(place, {}), counts)
    return {
        "next": DONE,
        "places": places,
        "customers": customers(house, sought),
        "models": models.trained_on(house.lake.lake, house.artifacts, sought),
        "receipts": [f"{each.receipt} {each.status}" for each in known],
    }


def forget(
    house: House, person: str, *, known: bool = False, unknown: bool = False, several: bool = False
) -> dict[str, Any]:
    """Forget a person. A request of theirs that was begun is gone on with.

    With `unknown` somebody of whom nothing is held is suppressed as well, and with `known` it was seen already that something is;
    without `several` nobody is forgotten whose identifier leads to more than one customer.
    """
    sought, asked = _sought(house, person)
    begun = next((each for each in asked if each.status == OPEN), None)
    if not begun and not several and (count := customers(house, sought)) > 1:
        return {"next": SEVERAL, "customers": count}
    sure = begun or known or unknown
    if not sure and not any(look() for _, look in looks(house, sought, dry=True)):
        return {"next": UNKNOWN, "receipts": [f"{each.receipt} {each.status}" for each in asked]}
    request = begun or Request(uuid4().hex, house.now().isoformat(timespec="seconds"))
    return worked_off(house, request, sought)


def due(house: House, *, again: bool = False) -> list[dict[str, Any]]:
    """Go on with every request that is open; with `again` with those that are closed as well, since a backup has come back."""
    tokens = house.register.tokens()
    done = []
    wanted = (OPEN, CLOSED) if again else (OPEN,)
    for request in (replace(each, status=OPEN) for each in house.register.requests() if each.status in wanted):
        sought = Sought(house.keys, (token for token, receipt in tokens.items() if receipt == request.receipt))
        closure.close(sought, _sources(house))
        done.append(worked_off(house, request, sought))
    return done


def worked_off(house: House, request: Request, sought: Sought) -> dict[str, Any]:
    """Suppress, take out, look once more, write the receipt; says how far it came."""
    resumed = bool(request.taken)
    house.register.suppress(request.receipt, sought.tokens)
    house.register.save(request)
    copied(house)
    if run := house.busy():
        return {"next": WAIT, "receipt": request.receipt, "why": f"run {run} is under way"}
    with house.lake.lake.alone(ENTRY, UPKEEP):
        if not resumed:
            learnt = models.trained_on(house.lake.lake, house.artifacts, sought)
            request = replace(request, models=request.models | learnt)
        request, whole = _gone_through(house, request, sought)
    if not whole:
        return {"next": AGAIN, "receipt": request.receipt, "places": request.places}
    return _closed(house, request, resumed=resumed)


def _gone_through(house: House, request: Request, sought: Sought) -> tuple[Request, bool]:
    """Take out of every place, then look through each once more; the request with what came of it, and whether that is all.

    What is done is written down place by place, so that nothing is gone through twice.
    """
    for dry in (False, True):
        for name, look in looks(house, sought, dry=dry):
            if name in (request.looked if dry else request.taken):
                continue
            if not house.in_time():
                return request, False
            before = set(sought.tokens)
            request = request.seen(name, look()) if dry else request.found(name, look())
            house.register.suppress(request.receipt, sought.tokens - before)
            house.register.save(request)
    return request, True


def copied(house: House) -> None:
    """Copy who is kept out to where it outlives the state table."""
    register.copy(house.register, house.artifacts, house.keys.every)


def lift(house: House, receipt: str) -> dict[str, Any]:
    """Let somebody in again, who is a customer once more: what sources have of them comes with the next pull of it."""
    request = next((each for each in house.register.requests() if each.receipt == receipt), None)
    if request is None or request.status == OPEN:
        return {"next": UNKNOWN if request is None else AGAIN}
    house.register.lift(receipt)
    house.register.save(replace(request, status=LIFTED))
    copied(house)
    said = read_json(house.artifacts, receipt_key(receipt))
    write_json(house.artifacts, receipt_key(receipt), said | {"status": LIFTED})
    return {"next": DONE}


def customers(house: House, sought: Sought) -> int:
    """How many customers all that is sought leads to."""
    held = house.lake.lake.read("customers", ("customer_id",))
    return 0 if held is None else len(sought.named(held["customer_id"].to_pylist()))


def sought_for(house: House, person: str) -> Sought:
    """Everything that belongs together with an identifier."""
    return _sought(house, person)[0]


def _sought(house: House, person: str) -> tuple[Sought, list[Request]]:
    """Whom an identifier means, and what was asked about them before."""
    sought = Sought(house.keys)
    of_source = records.named(person, house.settings.sources)
    for place, record in of_source:
        sought.learn_record(place, record)
    if not of_source:
        sought.learn(person)
    held = house.register.tokens()
    receipts = {held[token] for token in sought.tokens & set(held)}
    sought.tokens |= {token for token, receipt in held.items() if receipt in receipts}
    closure.close(sought, _sources(house))
    return sought, [each for each in house.register.requests() if each.receipt in receipts]


def _sources(house: House) -> closure.Sources:
    return closure.Sources(house.lake, house.zones["landing"].bucket, house.settings)


def _closed(house: House, request: Request, *, resumed: bool) -> dict[str, Any]:
    """The receipt of what is done; a request of which something is left stays open, and begins anew the next time."""
    left, policy = request.left, house.settings.privacy.retrain
    if request.models:
        models.note(house.artifacts, request.receipt, request.models, house.champion() if policy != "never" else "")
    written = {
        **{name: value for name, value in asdict(request).items() if name not in ("taken", "looked")},
        "status": OPEN if left else CLOSED,
        "closed_at": house.now().isoformat(timespec="seconds"),
        "retrain": policy if request.models else "",
    }
    write_json(house.artifacts, receipt_key(request.receipt), written)
    house.register.save(replace(request, status=written["status"], taken=[], looked=[], left={}))
    copied(house)
    logger.info("forgotten", receipt=request.receipt, places=len(request.places), left=len(left))
    return {"next": DONE, "resumed": resumed} | written
