"""State `Scrub`: nobody who was forgotten comes back with what a run pulled anew."""

from typing import Any

from holdfast.contracts import RunOnly
from holdfast.observe import step
from holdfast.resources import artifacts, environment, keyring, settings
from privacy.closure import Sources
from privacy.house import place, zones
from privacy.hushed import hushed
from privacy.register import DynamoRegister, copy
from privacy.scrubbing import scrubbed
from privacy.sought import Sought


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take everybody on the suppression list out of what landed; with nobody on it nothing is read.

    Raises:
        StateLost: the list, or the keys that it was made with, are not what they were.
    """
    run = RunOnly.parse(event).run
    register = DynamoRegister(environment().state_table)
    copy(register, artifacts(), keyring().every)
    tokens = register.tokens()
    if not tokens:
        return {"rows": 0}
    with hushed():
        made = zones()
        sources = Sources(place(), made["landing"].bucket, settings())
        return scrubbed(run, Sought(keyring(), tokens), made, sources, register, artifacts()).to_json()
