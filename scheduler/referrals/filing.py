"""Writing what was told into a patient's file, each part checked first."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput
from scheduler.referrals.checks import check_needs, checked_consent, checked_seen, checked_wishes
from scheduler.referrals.history import CONSENT_GIVEN, note
from scheduler.referrals.values import ConsentGiven, Identity, Seen, Wishes
from scheduler.store.appending import append
from scheduler.store.tables import Consent, Patient, Practitioner, Referral, SeenPractitioner


def put_identity(patient: Patient, identity: Identity) -> list[str]:
    """Write a checked identity into a patient; gives the names of the fields that changed."""
    return _put(patient, asdict(identity))


def put_needs(referral: Referral, needs: Needs) -> list[str]:
    """Write needs into a referral; gives the names of the fields that changed."""
    check_needs(needs)
    return _put(referral, asdict(needs))


def put_wishes(session: Session, referral: Referral, wishes: Wishes) -> list[str]:
    """Write wishes into a referral; gives the names of the fields that changed.

    Raises
    ------
    InvalidInput
        Also when the known practitioner does not practise in the territory.
    """
    checked = checked_wishes(wishes)
    if checked.known_practitioner_id is not None:
        _check_practises_here(session, checked.known_practitioner_id, referral.territory_id)
    return _put(referral, asdict(checked) | {"languages": list(checked.languages)})


def add_consent(
    session: Session, actor: Actor, referral: Referral, consent: ConsentGiven, *, now: datetime
) -> None:
    """Keep a consent beside those before it, with a line of history."""
    checked = checked_consent(consent, now=now)
    append(session, Consent, referral_id=referral.id, **asdict(checked) | {"told": list(checked.told)})
    note(session, actor, referral, CONSENT_GIVEN, now=now, how=checked.how.value)


def put_answers(referral: Referral, answers: Mapping[str, bool | None]) -> list[str]:
    """Write checked answers to a pathway's own questions; gives the codes of those that changed."""
    changed = [code for code, answer in answers.items() if referral.answers.get(code) is not answer]
    if changed:
        referral.answers = {**referral.answers, **answers}  # a new value: the column does not see inside
    return changed


def put_seen(session: Session, referral: Referral, seen: tuple[Seen, ...]) -> None:
    """Replace the practitioners a patient has seen lately, as ``add_seen`` writes them."""
    for row in session.exec(select(SeenPractitioner).where(col(SeenPractitioner.referral_id) == referral.id)):
        session.delete(row)
    add_seen(session, referral, seen)


def add_seen(session: Session, referral: Referral, seen: tuple[Seen, ...]) -> None:
    """Write the practitioners a patient has seen lately into a file that holds none.

    Raises
    ------
    InvalidInput
        When one of them does not practise in the territory.
    """
    checked = checked_seen(seen)
    for each in checked:
        if each.practitioner_id is not None:
            _check_practises_here(session, each.practitioner_id, referral.territory_id, field="seen")
    session.add_all(SeenPractitioner(referral_id=referral.id, **asdict(each)) for each in checked)


def has_consent(session: Session, referral_id: UUID) -> bool:
    """Tell whether the patient agrees today that professionals share the file."""
    return session.exec(_CONSENTS, params={"referral_id": referral_id}).first() is not None


def consents_of(referral_id: BindParameter[UUID]) -> SelectOfScalar[UUID]:
    """Select the consents that hold for a file."""
    return select(Consent.id).where(
        col(Consent.referral_id) == referral_id, col(Consent.withdrawn_at).is_(None)
    )


_CONSENTS = consents_of(bindparam("referral_id"))


def _check_practises_here(
    session: Session, practitioner_id: int, territory_id: int, *, field: str = "known_practitioner_id"
) -> None:
    practitioner = session.get(Practitioner, practitioner_id)
    if practitioner is None or practitioner.territory_id != territory_id:
        raise InvalidInput(field, "un médecin de ce territoire, ou rien")


def _put(row: Patient | Referral, values: dict[str, object]) -> list[str]:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed
