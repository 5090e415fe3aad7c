"""Balance of complexity: what each GP's fair share of tier 1 is, and what going beyond it costs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.model import Instance
from matching.policy import BalanceRules
from matching.priority import Standing

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """From which tier-1 patient on each GP is above their fair share, and far above.

    Parameters
    ----------
    first, second : ndarray of int64, shape (num_practitioners,)
        Beyond ``first`` tier-1 patients each costs ``tenths``, beyond ``second`` twice that.
    tenths : int
        0 = no balance.
    """

    first: Int64
    second: Int64
    tenths: int

    def due(self, of_tier1: Int64) -> int:
        """Return what these numbers of tier-1 patients per GP cost, in tenths of a minute."""
        above = np.maximum(of_tier1 - self.first, 0) + np.maximum(of_tier1 - self.second, 0)
        return int(above.sum()) * self.tenths


def fair_shares(instance: Instance, standings: Sequence[Standing], rules: BalanceRules) -> Shares:
    """Return the part of tier 1 among those who consented, times each GP's places, rounded up.

    The second step is at one and a half shares, rounded up.
    """
    tiers = [s.tier for p, s in zip(instance.patients, standings, strict=True) if p.consent]
    places = np.array([gp.places for gp in instance.practitioners], np.int64)
    first = -(-places * tiers.count(1) // max(len(tiers), 1))
    return Shares(first=first, second=(3 * first + 1) // 2, tenths=rules.tenths)
