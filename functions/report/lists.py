"""The two work lists: whom to call because they leave, and whom to call because they could do more."""

import numpy as np

from report.scored import BANDS, VALUES, Mask, Scored

OUTREACH, UPSELL = 1, 2
"""Bits of a customer's lists."""


def outreach(scored: Scored) -> Mask:
    """At high risk, and worth keeping: of the half that is worth more. Where nothing is known of money, all at high risk."""
    return np.asarray(scored.high & _worth_it(scored))


def upsell(scored: Scored) -> Mask:
    """At low risk, of the half that is worth more, and using less of the product than half of all customers do."""
    room = np.nan_to_num(scored.adoption, nan=np.inf) < scored.usual_adoption
    return np.asarray((scored.band == BANDS.index("low")) & room & _worth_it(scored))


def bits(scored: Scored) -> np.ndarray:
    """Per customer the lists that they are on, added up."""
    return np.asarray(OUTREACH * outreach(scored) + UPSELL * upsell(scored))


def _worth_it(scored: Scored) -> Mask:
    return np.asarray(scored.worth < len(VALUES) - 1) if scored.valued else np.ones(len(scored), dtype=bool)
