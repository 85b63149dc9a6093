"""The weeks of the demo world: 65 of them, ending at midnight UTC after `until`."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

WEEKS = 65
HORIZON_WEEKS = 8

Instants = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Calendar:
    """Turn week numbers (0 = first week of the world) into instants, in milliseconds UTC."""

    until: date

    @property
    def end(self) -> np.datetime64:
        return np.datetime64(self.until, "D") + np.timedelta64(1, "D")

    @property
    def start(self) -> np.datetime64:
        return self.end - np.timedelta64(7 * WEEKS, "D")

    @property
    def start_ms(self) -> int:
        return int(self.start.astype("datetime64[ms]").astype(np.int64))

    @property
    def end_ms(self) -> int:
        return int(self.end.astype("datetime64[ms]").astype(np.int64))

    def day(self, week: int) -> np.datetime64:
        """First day of a week."""
        return self.start + np.timedelta64(7 * week, "D")
