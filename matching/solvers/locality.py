"""An order of the bins that keeps neighbours close in memory, and the pieces that never touch.

A min-cost flow spends its time jumping between a group and its bins. On clustered territories given
in random row order, numbering bins breadth-first about halves that time (benchmarks/README.md).

References
----------
E. Cuthill, J. McKee (1969), "Reducing the bandwidth of sparse symmetric matrices",
doi:10.1145/800195.805928.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

# A breadth-first search deeper than this is a chain, where locality is already good as given.
_MAX_LEVELS = 1000


def components(num_bins: int, left: Ints, right: Ints) -> Ints:
    """Return for each bin the smallest bin it is connected to.

    Parameters
    ----------
    left, right : ndarray of int, shape (num_edges,)
        Ends of the edges between bins.
    """
    label = np.arange(num_bins)
    while True:
        before = label.copy()
        low = np.minimum(label[left], label[right])
        np.minimum.at(label, label[left], low)
        np.minimum.at(label, label[right], low)
        label = label[label]
        if np.array_equal(label, before):
            return label


def bin_order(num_bins: int, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return the bins in an order that keeps neighbours close, and the component of each bin.

    Components are contiguous in the order. The result depends only on the numbering of the bins.
    """
    component = components(num_bins, left, right)
    graph = _Adjacency(num_bins, np.concatenate([left, right]), np.concatenate([right, left]))
    # The last bin reached from anywhere lies at an end of its component: start there.
    roots = np.flatnonzero(component == np.arange(num_bins))
    there = graph.breadth_first(roots)
    ends = np.full(num_bins, -1)
    ends[component[there]] = there  # assigned in order: the last one of each component stays
    back = graph.breadth_first(ends[roots])
    return back[np.argsort(component[back], kind="stable")], component


class _Adjacency:
    """Neighbour lists of an undirected graph, both directions of every edge given."""

    def __init__(self, num_nodes: int, tail: Ints, head: Ints) -> None:
        order = np.lexsort((head, tail))
        self._head = head[order]
        self._start = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=num_nodes))])
        self._degree = np.diff(self._start)

    def breadth_first(self, roots: Ints) -> Ints:
        """Return all nodes, level by level from ``roots``, nodes of low degree first among siblings."""
        unseen = np.ones(self._degree.size, dtype=bool)
        unseen[roots] = False
        levels, frontier = [roots], roots
        while frontier.size and len(levels) < _MAX_LEVELS:
            frontier = self._next_level(frontier, unseen)
            unseen[frontier] = False
            levels.append(frontier)
        return np.concatenate([*levels, np.flatnonzero(unseen)])

    def _next_level(self, frontier: Ints, unseen: npt.NDArray[np.bool_]) -> Ints:
        degree = self._degree[frontier]
        ends = np.cumsum(degree)
        parent = np.repeat(np.arange(frontier.size), degree)
        child = self._head[np.arange(degree.sum()) - (ends - degree - self._start[frontier])[parent]]
        fresh = unseen[child]
        child, first = np.unique(child[fresh], return_index=True)
        return child[np.lexsort((self._degree[child], parent[fresh][first]))]
