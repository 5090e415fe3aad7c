"""Which commitments a run did not keep, and why, in plain French."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from matching.candidates import Candidates, travel_tenths
from matching.commitments import GONE, OVER_CAPACITY
from matching.eligibility import RULES
from matching.french import decimal
from matching.model import Change, Commitment, Instance, Match, Reason
from matching.policy import SoftWeights
from matching.wishes import penalties

Int64 = npt.NDArray[np.int64]

#: Every code a change can have beside those of the hard rules, and what it tells the coordinator.
CHANGE_CODES = {
    GONE: "ce médecin ne prend plus de nouveaux patients",
    OVER_CAPACITY: "ce médecin n'a plus assez de places pour tous ceux qui lui ont été annoncés",
    "household": "le foyer est réuni chez un même médecin",
    "better": "la nouvelle proposition lui convient mieux",
    "let_go": "la place va à des patients plus urgents ou plus proches",
    "for_others": "ce changement permet de mieux placer l'ensemble des patients",
}
_RULES = {rule.code: rule.excludes for rule in RULES}


def changes(
    instance: Instance, weights: SoftWeights, found: Candidates, matches: Sequence[Match]
) -> tuple[Change, ...]:
    """Return one change per commitment that was not kept, in the order of the patients."""
    standing = {c.patient_id: c for c in instance.commitments}
    row = {p.id: j for j, p in enumerate(instance.practitioners)}
    costs = _own_costs(
        instance, weights, found, [i for i, m in enumerate(matches) if m.patient_id in standing]
    )
    return tuple(_changes(standing, row, found, matches, costs))


def _changes(
    standing: dict[str, Commitment],
    row: dict[str, int],
    found: Candidates,
    matches: Sequence[Match],
    costs: dict[tuple[int, int], int],
) -> Iterator[Change]:
    for patient, match in enumerate(matches):
        commitment = standing.get(match.patient_id)
        if commitment is None or commitment.practitioner_id == match.practitioner_id:
            continue
        before, after = commitment.practitioner_id, match.practitioner_id
        saved = None
        if before in row and after is not None and (patient, row[before]) in costs:
            saved = costs[patient, row[before]] - costs[patient, row[after]]
        reason = _reason(
            found, patient, is_firm=commitment.firm, saved_tenths=saved, is_placed=after is not None
        )
        yield Change(patient_id=match.patient_id, before=before, after=after, reason=reason)


def _reason(
    found: Candidates, patient: int, *, is_firm: bool, saved_tenths: int | None, is_placed: bool
) -> Reason:
    impossible = found.settled.impossible.get(patient)
    code = impossible or _code(found, patient, saved_tenths=saved_tenths or 0, is_placed=is_placed)
    begin = "Annonce retirée" if is_firm else "Proposition précédente non reprise"
    why = CHANGE_CODES.get(code) or f"ce médecin {_RULES[code]}"
    if code == "better":
        why += f" : l'équivalent de {decimal((saved_tenths or 0) / 10)} min de trajet en moins"
    if impossible and is_firm:
        why += " ; prévenez les personnes concernées"
    return Reason(
        code=code, sentence=f"{begin} : {why}.", data={"firm": is_firm, "saved_tenths": saved_tenths}
    )


def _code(found: Candidates, patient: int, *, saved_tenths: int, is_placed: bool) -> str:
    """Return why a commitment that could have been kept was not."""
    if not is_placed:
        return "let_go"
    group = int(found.grouping.group[patient])
    members = found.grouping.members[group]
    wished = {int(found.settled.earlier[row]) for row in members}
    if group in found.grouping.only or len(wished) > 1:
        return "household"
    return "better" if saved_tenths > 0 else "for_others"


def _own_costs(
    instance: Instance, weights: SoftWeights, found: Candidates, patients: Sequence[int]
) -> dict[tuple[int, int], int]:
    """Return travel and unmet wishes of some patients at each GP they have a journey to, in tenths."""
    here = np.flatnonzero(np.isin(found.pairs.patient, np.array(patients, np.int64)))
    pairs = found.pairs.take(here)
    cost = travel_tenths(instance.travel.duration_s[here]) + penalties(pairs, weights)
    keys = zip(pairs.patient.tolist(), pairs.practitioner.tolist(), strict=True)
    return dict(zip(keys, cost.tolist(), strict=True))
