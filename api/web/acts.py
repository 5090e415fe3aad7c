"""What a person does about one patient's search, from whichever page: a word, its fields, one use case.

Each act is done once for one page that was shown, however often its button is pressed.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from api.web.forms import read_day
from api.web.guests import Guest
from api.web.once import do_once
from api.web.sent import Sent
from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput
from scheduler.referrals.answers import DeclineReason, accept, decline
from scheduler.referrals.attending import review, take_charge
from scheduler.referrals.by_person import ChosenBecause
from scheduler.referrals.decide import offer_by_hand
from scheduler.referrals.ending import SuspendReason, close, resume, suspend, withdraw_consent
from scheduler.referrals.follow_up import no_longer_followed, still_followed
from scheduler.referrals.relation import LossReason
from scheduler.referrals.unanswered import WithdrawReason, withdraw_offer
from scheduler.referrals.visits import declare, plan_visit, visit_held, visit_missed
from scheduler.store.tables import CloseReason

Word = TypeVar("Word", bound=StrEnum)


def act(guest: Guest, referral_id: UUID, name: str, sent: Sent, *, surgery: bool) -> None:
    """Do something about a patient.

    Parameters
    ----------
    surgery
        Only what a GP or their secretary does about a patient of theirs.

    Raises
    ------
    InvalidInput
        When there is no such act, or a field of it is not acceptable.
    """
    known = _OF_THE_SURGERY if surgery else _OF_THE_SURGERY | _OF_THE_COORDINATION
    if name not in known:
        raise InvalidInput("action", "une action de la page")
    with guest.here.store.write() as session:
        do_once(
            session,
            guest,
            key=f"{name}-{sent.values.get('key', '')}",
            route=f"POST {guest.request.url.path}",
            what=tuple(pair for pair in sent.pairs if pair[0] != "key"),
            effect=lambda: {"id": str(_done(session, guest, referral_id, known[name], sent.values))},
        )


def answer(
    session: Session, actor: Actor, offer_id: UUID, word: str, values: Mapping[str, str], *, now: datetime
) -> str:
    """Accept (``accepter``) or decline an offer as a form says; gives what became of it.

    Raises
    ------
    InvalidInput
        When it is declined without a reason of the list.
    """
    if word == "accepter":
        return accept(session, actor, offer_id, now=now)[0].state.value
    reason = _word(DeclineReason, values)
    return decline(session, actor, offer_id, reason=reason, now=now)[0].state.value


Act = Callable[[Session, Guest, UUID, Mapping[str, str]], object]


def _done(session: Session, guest: Guest, referral_id: UUID, doing: Act, values: Mapping[str, str]) -> UUID:
    doing(session, guest, referral_id, values)
    return referral_id


def _day(guest: Guest, values: Mapping[str, str], name: str = "on") -> date:
    return read_day(values.get(name, "")) or guest.today


def _word(kind: type[Word], values: Mapping[str, str], name: str = "reason") -> Word:
    try:
        return kind(values.get(name, ""))
    except ValueError:
        raise InvalidInput("motif", "un motif de la liste") from None


def _loss(values: Mapping[str, str]) -> LossReason | CloseReason:
    given = values.get("reason", "")
    return _word(LossReason, values) if given in set(LossReason) else _word(CloseReason, values)


def _until(values: Mapping[str, str]) -> date:
    until = read_day(values.get("until", ""))
    if until is None:
        raise InvalidInput("until", "une date comme 07/03/2027")
    return until


def _practitioner(values: Mapping[str, str]) -> int:
    given = values.get("practitioner", "")
    if not given.isdecimal():
        raise InvalidInput("médecin", "un médecin de la liste")
    return int(given)


_OF_THE_SURGERY: dict[str, Act] = {
    "visite": lambda s, g, one, v: plan_visit(s, g.actor, one, on=_day(g, v), now=g.now),
    "vu": lambda s, g, one, v: visit_held(s, g.actor, one, on=_day(g, v), now=g.now),
    "absent": lambda s, g, one, v: visit_missed(s, g.actor, one, on=_day(g, v), now=g.now),
    "declare": lambda s, g, one, v: declare(s, g.actor, one, on=_day(g, v), now=g.now),
    "suivi": lambda s, g, one, _: still_followed(s, g.actor, one, now=g.now),
    "fin-suivi": lambda s, g, one, v: no_longer_followed(s, g.actor, one, because=_loss(v), now=g.now),
}

_OF_THE_COORDINATION: dict[str, Act] = {
    "retirer": lambda s, g, one, v: withdraw_offer(
        s, g.actor, one, because=_word(WithdrawReason, v), now=g.now
    ),
    "adresser": lambda s, g, one, v: offer_by_hand(
        s,
        g.actor,
        one,
        practitioner_id=_practitioner(v),
        because=_word(ChosenBecause, v),
        offer_days=g.here.settings.offer_days,
        now=g.now,
    ),
    "suspendre": lambda s, g, one, v: suspend(
        s, g.actor, one, reason=_word(SuspendReason, v), until=read_day(v.get("until", "")), now=g.now
    ),
    "reprendre": lambda s, g, one, _: resume(s, g.actor, one, now=g.now),
    "clore": lambda s, g, one, v: close(s, g.actor, one, reason=_word(CloseReason, v), now=g.now),
    "retrait": lambda s, g, one, _: withdraw_consent(s, g.actor, one, now=g.now),
    "regarde": lambda s, g, one, v: review(s, g.actor, one, until=_until(v), now=g.now),
    "prendre": lambda s, g, one, _: take_charge(
        s, g.actor, one, account_id=g.actor.account_id or one, now=g.now
    ),
}
