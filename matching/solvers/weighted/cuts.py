"""Rounding cuts: what whole loads exclude where the relaxation splits rows between columns.

Each column is an equation, "loads placed here plus units left empty = room". Adding up columns that share
split rows, less the decisions of rows that are mostly inside, leaves one between what comes in, what goes out
and what stays empty. Its variables and its numbers are whole: divided by 2, 3 or 4, it may be rounded.

References
----------
G. L. Nemhauser, L. A. Wolsey (1990), "A recursive procedure to generate all cuts for 0-1 mixed integer
programs", Mathematical Programming 46, doi:10.1007/BF01585752.
H. Marchand, L. A. Wolsey (2001), "Aggregation and mixed integer rounding to solve MIPs", Operations Research
49(3), doi:10.1287/opre.49.3.363.11211.
"""

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from matching.solvers.weighted.dual import Float64
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.programme import Programme

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Part of a row inside from which its decision is taken away, divisor, sign of the equation.
_WAYS = tuple(product((0.05, 0.5, 0.999), (2, 3, 4), (1, -1)))
_WHOLE = 1e-6  # how far from a whole number a value is split
_VIOLATED = 1e-3
_MOST_OF_EACH, _MOST = 4, 150  # cuts of one set of columns, and of one call


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cuts:
    """Rows ``matrix x ≤ most`` that every whole solution satisfies; all numbers are whole.

    Parameters
    ----------
    matrix : csr_array of float64, shape (num_cuts, num_variables)
    most : ndarray of float64, shape (num_cuts,)
    """

    matrix: "csr_array"
    most: Float64

    @property
    def num(self) -> int:
        """How many there are."""
        return self.most.size


class Equations:
    """The decisions and the rooms of a programme, from which cuts are made."""

    def __init__(self, programme: Programme) -> None:
        rows = programme.matrix.tocsr()
        end = programme.num_rows + programme.columns.size
        self._decisions, self._rooms = rows[: programme.num_rows], rows[programme.num_rows : end]
        self._room = programme.low[programme.num_rows : end]

    def cuts(self, x: Float64) -> Cuts:
        """Return cuts that exclude a solution of the relaxation, those it breaks most; none may be found.

        Parameters
        ----------
        x : ndarray of float64, shape (num_variables,)
        """
        sets = self._sets(np.flatnonzero(np.abs(x - np.rint(x)) > _WHOLE))
        taken = np.flatnonzero(x > _WHOLE)  # what is not does not count for what is broken
        x, decisions, rooms = x[taken], self._decisions[:, taken], sets @ self._rooms[:, taken]
        inside = _Inside.of(rooms, decisions, x)
        found = []
        for way, (part, divisor, sign) in enumerate(_WAYS):
            own = inside.decisions(part)
            matrix, most = _rounded(rooms - own @ decisions, self._right(sets, own), divisor, sign)
            broken = (matrix @ x - most) / np.sqrt(1 + matrix.power(2).sum(axis=1))
            which = np.flatnonzero(broken > _VIOLATED)
            found.append(np.column_stack([broken[which], which, np.full(which.size, way)]))
        return self._of(_worst(np.concatenate(found)), sets, inside)

    def _of(self, found: Float64, sets: "csr_array", inside: "_Inside") -> Cuts:
        """Write out cuts over all variables."""
        from scipy.sparse import csr_array, vstack  # noqa: PLC0415 - 0.1 s, only needed to solve

        matrices, most = [csr_array((0, self._rooms.shape[1]))], [np.zeros(0)]
        for way, (part, divisor, sign) in enumerate(_WAYS):
            which = found[found[:, 2] == way, 1].astype(np.int64)
            own, of = inside.decisions(part)[which], sets[which]
            equations = of @ self._rooms - own @ self._decisions
            matrix, right = _rounded(equations, self._right(of, own), divisor, sign)
            matrix.eliminate_zeros()
            matrices.append(matrix)
            most.append(right)
        return Cuts(matrix=vstack(matrices, format="csr"), most=np.concatenate(most))

    def _right(self, sets: "csr_array", own: "csr_array") -> Float64:
        """Return the right sides of the equations of sets of columns, less decisions of rows."""
        right: Float64 = sets @ self._room - own.sum(axis=1)
        return right

    def _sets(self, split: Int64) -> "csr_array":
        """Return sets of columns that share split rows: each alone, in pairs, each with all others."""
        from scipy.sparse import csr_array, triu, vstack  # noqa: PLC0415 - 0.1 s, only needed to solve

        rooms, rows = (abs(each[:, split]).sign() for each in (self._rooms, self._decisions))
        shares = (rooms @ rows.T).tocsr()
        joined = (shares @ shares.T).sign().tocsr()
        touched = np.flatnonzero(joined.diagonal())
        first, second = triu(joined, 1).nonzero()
        pair = np.arange(first.size)
        pairs = csr_array(
            (np.ones(2 * pair.size), (np.concatenate([pair, pair]), np.concatenate([first, second]))),
            shape=(pair.size, joined.shape[0]),
        )
        alone = csr_array(
            (np.ones(touched.size), (np.arange(touched.size), touched)),
            shape=(touched.size, joined.shape[0]),
        )
        stars = joined[touched]
        more_than_pairs = np.diff(stars.indptr) > 2
        sets: csr_array = vstack([alone, pairs, stars[more_than_pairs]], format="csr")
        return sets


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Inside:
    """How far each row is inside each set of columns, and with what load.

    Parameters
    ----------
    shape : tuple of int
        Numbers of sets and rows.
    which, row : ndarrays of int64
        A set and a row.
    part : ndarray of float64
        What of the row is inside.
    load : ndarray of float64
        The most it takes there.
    """

    shape: tuple[int, int]
    which: Int64
    row: Int64
    part: Float64
    load: Float64

    @classmethod
    def of(cls, total: "csr_array", decisions: "csr_array", x: Float64) -> "_Inside":
        """Look at what sets of columns take up; ``x`` holds the values of the variables of ``total``."""
        row_of = np.full(x.size, -1)
        entries = decisions.tocoo()
        row_of[entries.col] = entries.row
        entries = total.tocoo()
        decided = row_of[entries.col] >= 0
        which, variable, load = entries.row[decided], entries.col[decided], entries.data[decided]
        pair, position = np.unique(which * decisions.shape[0] + row_of[variable], return_inverse=True)
        most = np.zeros(pair.size)
        np.maximum.at(most, position, load)
        return cls(
            shape=(total.shape[0], decisions.shape[0]),
            which=pair // decisions.shape[0],
            row=pair % decisions.shape[0],
            part=np.bincount(position, weights=x[variable], minlength=pair.size).astype(np.float64),
            load=most,
        )

    def decisions(self, part: float) -> "csr_array":
        """Return how often the decision of each row is taken away from each set."""
        from scipy.sparse import csr_array  # noqa: PLC0415 - 0.1 s, only needed to solve

        taken = self.part > part
        return csr_array((self.load[taken], (self.which[taken], self.row[taken])), shape=self.shape)


def _rounded(equations: "csr_array", right: Float64, divisor: int, sign: int) -> tuple["csr_array", Float64]:
    """Divide equations of whole variables by a number and round; all coefficients stay whole.

    Those whose right side is a multiple of the divisor become rows of nothing.
    """
    right = np.rint(sign * right).astype(np.int64)
    coefficient = np.rint(sign * equations.data).astype(np.int64)
    left = right % divisor
    of = np.repeat(left, np.diff(equations.indptr))
    value = coefficient // divisor * (divisor - of) + np.maximum(coefficient % divisor - of, 0)
    value[of == 0] = 0
    rounded = equations.copy()
    rounded.data = value.astype(np.float64)
    return rounded, np.where(left == 0, 0, right // divisor * (divisor - left)).astype(np.float64)


def _worst(found: Float64) -> Float64:
    """Return the cuts that are broken most, a few of each set.

    Each is three numbers: how far it is broken, which set, which of ``_WAYS``.
    """
    found = found[np.argsort(-found[:, 0], kind="stable")]
    order = np.argsort(found[:, 1], kind="stable")
    of = found[order, 1]
    few = np.zeros(len(found), dtype=bool)
    few[order] = np.arange(of.size) - np.searchsorted(of, of) < _MOST_OF_EACH
    worst: Float64 = found[few][:_MOST]
    return worst
