"""Colours: 64-bit fingerprints of groups and bins that do not depend on the order of the rows.

Sorting by colour puts two copies of a problem, shuffled differently, into the same order, so that a
deterministic solver answers both alike. Groups or bins of equal colour are (up to a hash collision)
indistinguishable at the depth looked at; they keep their given order.

References
----------
B. Weisfeiler, A. Leman (1968): colour refinement, the idea used here on a bipartite graph.
G. Steele, D. Lea, C. Flood (2014), "Fast splittable pseudorandom number generators", §4,
doi:10.1145/2660193.2660195: the mixing function.
"""

import numpy as np
import numpy.typing as npt

UInt64 = npt.NDArray[np.uint64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

# Sums run through float64 bincounts, exact below 2**53: 31-bit summands allow 2**22 arcs at one node.
_SUMMAND_BITS = 31
# An odd factor spreads small numbers over 64 bits, and no two of them to the same place.
_ODD = np.uint64(0x9E3779B97F4A7C15)


def colours(
    *,
    reward: Int64,
    capacity: Int64,
    parent: Int32,
    row: npt.NDArray[np.signedinteger],
    col: npt.NDArray[np.signedinteger],
    cost: Int64,
    seed: int,
    pairs: tuple[Int32, Int32, Int64] | None = None,
) -> tuple[UInt64, UInt64]:
    """Return the colours of groups and of bins.

    Parameters
    ----------
    row, col, cost : ndarrays, shape (num_arcs,)
        Group, bin and cost of each arc.
    seed : int
        Enters every colour: another seed, another order among equals.
    pairs : (first, second, bonus), each an ndarray of shape (num_pairs,), optional
        Groups that know each other, in either order.
    """
    # Three unrelated words from the seed, so that equal numbers of different meaning differ.
    salt = _mix(np.array([(seed + meaning) % 2**64 for meaning in range(3)], np.uint64))
    row, col = np.asarray(row, np.intp), np.asarray(col, np.intp)  # gathers by other types take twice as long
    first_bins = _with_nesting(_mix(capacity.astype(np.uint64) ^ salt[0]), parent)
    groups = _mix(reward.astype(np.uint64) ^ salt[1])
    price_tag = cost.astype(np.uint64) * _ODD + salt[2]
    bins = _with_nesting(_gather(first_bins, col, price_tag ^ groups[row]), parent)
    if np.unique(bins).size < bins.size:
        # Bins that look alike so far may differ in where else their groups could go.
        groups = _with_pairs(_gather(groups, row, price_tag ^ first_bins[col]), pairs)
        bins = _with_nesting(_gather(first_bins, col, price_tag ^ groups[row]), parent)
    return _with_pairs(_with_pairs(_gather(groups, row, price_tag ^ bins[col]), pairs), pairs), bins


def _mix(values: UInt64) -> UInt64:
    """Return SplitMix64's output function of each value; products wrap around on purpose."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def _gather(own: UInt64, node: npt.NDArray[np.signedinteger], arriving: UInt64) -> UInt64:
    """Mix into each node's colour the sum of what arrives at it; a sum ignores the order.

    What arrives is well mixed already: the high bits of a product are hash enough.
    """
    summands = (arriving * _ODD) >> np.uint64(64 - _SUMMAND_BITS)
    total = np.bincount(node, weights=summands.view(np.int64), minlength=own.size)
    return _mix(own ^ _mix(total.astype(np.uint64)))


def _with_pairs(groups: UInt64, pairs: tuple[Int32, Int32, Int64] | None) -> UInt64:
    """Let both groups of each pair know each other."""
    if pairs is None or not pairs[0].size:
        return groups
    first, second, bonus = pairs
    tag = _mix(bonus.astype(np.uint64))
    known = np.concatenate([tag ^ groups[second], tag ^ groups[first]])
    return _gather(groups, np.concatenate([first, second]), known)


def _with_nesting(bins: UInt64, parent: Int32) -> UInt64:
    """Let each bin and the bin that contains it know each other."""
    inner = np.flatnonzero(parent >= 0).astype(np.int32)
    if not inner.size:
        return bins
    outer = parent[inner]
    bins = _gather(bins, outer, bins[inner])
    return _gather(bins, inner, bins[outer])
