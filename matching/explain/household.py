"""What became of the people of a patient's household."""

from collections.abc import Iterator, Sequence

from matching import french
from matching.codes import say
from matching.model import Match, Reason
from matching.what_if import Case


def household_facts(case: Case, row: int) -> Iterator[Reason]:
    """Yield where the others of the household go, and whether they had to be together; alone: nothing."""
    others = case.others_at_home(row)
    if not others:
        return
    mine = case.match(row).practitioner_id
    bound = set(case.bound_to(row))
    matches = [case.match(other) for other in others]
    size = french.count(len(others) + 1, "personne")
    data = {
        "others": [
            {"patient_id": m.patient_id, "practitioner_id": m.practitioner_id, "bound": other in bound}
            for other, m in zip(others, matches, strict=True)
        ]
    }
    if mine is not None and all(m.practitioner_id == mine for m in matches):
        yield say("household_together", f"Foyer de {size} : le même médecin pour tous.", **data)
    elif mine is None and len(bound) > 1:
        rule = "ensemble chez un même médecin, ou pas du tout"
        yield say("household_bound", f"Foyer de {size}, dont {len(bound)} à placer {rule}.", **data)
    else:
        why = (
            "ceux qui doivent rester ensemble le sont"
            if len(bound) > 1
            else "rester ensemble est ici un souhait, pas une obligation"
        )
        yield say("household_apart", f"Foyer de {size} : {_where(mine, matches)} ; {why}.", **data)


def _where(mine: str | None, matches: Sequence[Match]) -> str:
    """Count the others by where they go."""
    same = sum(m.practitioner_id is not None and m.practitioner_id == mine for m in matches)
    nobody = sum(m.practitioner_id is None for m in matches)
    elsewhere = len(matches) - same - nobody
    counts = (
        (same, "chez le même médecin"),
        (elsewhere, "chez un autre médecin" if mine is not None else "avec une proposition"),
        (nobody, "sans proposition"),
    )
    return french.listed([f"{french.count(n, 'autre')} {where}" for n, where in counts if n])
