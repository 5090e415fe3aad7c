"""The same person signalled twice: found by names without accents and birth date."""

import unicodedata
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from scheduler.referrals.errors import AlreadySignalled
from scheduler.referrals.life import OPEN
from scheduler.referrals.values import Identity
from scheduler.store.tables import Patient, Referral, Territory

_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})


def name_key(name: str) -> str:
    """Reduce a person's name to what two people would both type, in any script.

    Examples
    --------
    >>> name_key("Lefèvre-D'Arc") == name_key("LEFEVRE DARC")
    True
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return "".join(character for character in decomposed if _is_letter(character))


def _is_letter(character: str) -> bool:
    """Keep letters, digits and the vowel signs of other scripts; drop accents and punctuation."""
    accent = "\u0300" <= character <= "\u036f"
    return character.isalnum() or (not accent and unicodedata.category(character)[0] == "M")


def one_at_a_time(session: Session, territory_id: int) -> None:
    """Keep the other transactions that call this for the same territory waiting until this one ends.

    Territories are locked first, then referrals, then intakes: one order, so that no two transactions
    wait for each other.
    """
    session.exec(
        select(Territory).where(col(Territory.id) == territory_id).with_for_update(key_share=True)
    ).one()


def refuse_twin(session: Session, territory_id: int, identity: Identity, *, but: UUID | None = None) -> None:
    """Refuse an identity that already has an open referral in the territory; never merge in silence.

    Two unknown birth dates count as the same: the signaller who knows them apart gives one.

    Parameters
    ----------
    but
        The referral being corrected, which is not its own twin.

    Raises
    ------
    AlreadySignalled
        With the id of the open referral, and nothing about the person.
    """
    # Signals of one territory pass here one after the other, or two at the same instant would both pass.
    one_at_a_time(session, territory_id)
    wanted = (name_key(identity.family_name), name_key(identity.given_name))
    for referral_id, family_name, given_name in session.exec(_born_the_same_day(territory_id, identity)):
        if referral_id != but and (name_key(family_name), name_key(given_name)) == wanted:
            raise AlreadySignalled(referral_id)


def _born_the_same_day(territory_id: int, identity: Identity) -> Select[UUID, str, str]:
    return (
        select(Referral.id, Patient.family_name, Patient.given_name)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state).in_(OPEN),
            col(Patient.birth_date).is_(None)
            if identity.birth_date is None
            else col(Patient.birth_date) == identity.birth_date,
        )
        .order_by(col(Referral.created_at), col(Referral.id))
    )
