"""The answer to "why this GP" and "why nobody", as sentences and as data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matching.model import Reason

#: Sentences name this many GPs; data hold them all.
MOST_SAID = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a patient is, or is not, proposed to a GP.

    Parameters
    ----------
    practitioner_id : str or None
        GP proposed, None = nobody.
    verdict : Reason
        The whole in one sentence: that of the run.
    facts : tuple of Reason
        Tier, wait, travel, wishes, household, next best GP: what holds of this patient.
    nearby : tuple of Reason
        Of a patient without proposal: each GP in reach and those a little farther, nearest first, with
        the rule that excludes them or whose the places are.
    remedies : tuple of Reason
        Of a patient without proposal: what would have to change, each claim checked by running again.
    """

    patient_id: str
    practitioner_id: str | None
    verdict: Reason
    facts: tuple[Reason, ...]
    nearby: tuple[Reason, ...] = ()
    remedies: tuple[Reason, ...] = ()

    def text(self) -> str:
        """Return all sentences, one per line; of the GPs nearby, the first few."""
        return "\n".join(self._lines())

    def as_data(self) -> dict[str, object]:
        """Return everything as values that JSON can hold."""
        return {
            "patient_id": self.patient_id,
            "practitioner_id": self.practitioner_id,
            "verdict": reason_data(self.verdict),
            "facts": [reason_data(reason) for reason in self.facts],
            "nearby": [reason_data(reason) for reason in self.nearby],
            "remedies": [reason_data(reason) for reason in self.remedies],
        }

    def _lines(self) -> Iterator[str]:
        yield self.verdict.sentence
        for reason in self.facts:
            yield f"- {reason.sentence}"
        if self.nearby:
            yield "Médecins proches :"
        for reason in self.nearby[:MOST_SAID]:
            yield f"- {reason.sentence}"
        if len(self.nearby) > MOST_SAID:
            yield f"- … et {len(self.nearby) - MOST_SAID} de plus."
        if self.remedies:
            yield "Ce qui changerait la réponse :"
        for reason in self.remedies:
            yield f"- {reason.sentence}"


def reason_data(reason: Reason) -> Mapping[str, object]:
    """Return a reason as values that JSON can hold."""
    return {"code": reason.code, "sentence": reason.sentence, "data": dict(reason.data)}
