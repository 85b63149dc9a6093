"""How people write to support: in a mood that anybody could tell from how often they had to write lately.

The mood follows from what can be seen of a customer anyway, so that texts promise no more than the rest of the world does.
"""

import numpy as np

from infra.local.world.traits import Floats, Ints, Rng

FADING = 0.72
"""What is left of a ticket's weight a week later, as in `behaviour`."""
UPSET = (
    "This is urgent: it is still not solved and we are losing time every day.",
    "We are really disappointed, this is the worst support we had in a long while.",
    "It is frustrating. We are looking at an alternative and may cancel.",
    "Please escalate this immediately, nobody here can work.",
)
CALM = (
    "No hurry, thank you for your help!",
    "We love the product otherwise, great work.",
    "Thanks a lot in advance.",
    "Best regards from the whole team.",
)


def loads(tickets: Ints) -> Floats:
    """By customer and week: tickets up to then, older ones counting less."""
    made = np.zeros(tickets.shape)
    held = np.zeros(len(tickets))
    for week in range(tickets.shape[1]):
        held = FADING * held + tickets[:, week]
        made[:, week] = held
    return made


def endings(rng: Rng, load: Floats) -> list[str]:
    """The last sentence of each text; `load` is the writer's in that week."""
    upset = rng.random(len(load)) < np.clip(0.1 + 0.3 * load, 0, 0.9)
    which = rng.integers(0, len(CALM), len(load))
    return [(UPSET if angry else CALM)[place] for angry, place in zip(upset, which, strict=True)]
