"""The coordination's list: files by state and tier, and the proposals to decide on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.web import words
from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere, Guest
from api.web.labels import age, commune_name, full_name
from api.web.notices import notice_of
from scheduler.referrals.overview import standing, tiers_of, waiting_by_tier
from scheduler.referrals.policies import in_force
from scheduler.referrals.read import ReferralLine, lines_of, list_referrals
from scheduler.referrals.read_proposals import ProposalLine, list_proposals
from scheduler.store.tables import ReferralState

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PER_PAGE = 50
_TABS = tuple(state for state in ReferralState if state is not ReferralState.CLOSED)
_ALWAYS_SHOWN = frozenset({ReferralState.RECEIVED, ReferralState.WAITING, ReferralState.PROPOSED})
_URGENT = frozenset({ReferralState.RECEIVED, ReferralState.QUALIFIED, ReferralState.PROPOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One state and how many files stand in it."""

    state: ReferralState
    count: int
    urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One patient of the list, in words."""

    referral_id: UUID
    name: str
    age_words: str
    commune: str
    tier: int | None
    waited_days: int
    next_action_on: date | None
    late: bool
    proposal: ProposalLine | None = None


@router.get("/file-active")
def show(
    guest: CoordinatorHere,
    etat: Annotated[ReferralState, Query()] = ReferralState.RECEIVED,
    priorite: Annotated[int | None, Query(ge=1, le=3)] = None,
    page: Annotated[int, Query(ge=0, le=10_000)] = 0,
    apres: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Show the files of one state, the longest wait first, or the proposals to decide on."""
    with guest.here.store.read() as session:
        numbers = standing(session, guest.actor, on=guest.today)
    with guest.here.store.write() as session:
        if etat is ReferralState.PROPOSED:
            lines, next_query = _proposals(session, guest, apres)
        elif etat is ReferralState.WAITING and priorite is not None:
            lines, next_query = _of_tier(session, guest, priorite, page)
        else:
            lines, next_query = _files(session, guest, etat, apres)
    return guest.page(
        "waiting_list.html",
        state=etat,
        state_words=words.STATES[etat],
        tabs=_tabs(numbers.by_state, etat),
        tier=priorite,
        tier_filter=_tier_filter(priorite) if etat is ReferralState.WAITING else [],
        lines=lines,
        num_total=numbers.by_state.get(etat, 0),
        next_href=f"/file-active?{urlencode({'etat': etat.value} | next_query)}" if next_query else "",
        notice=notice_of(guest.request),
    )


def _tabs(by_state: dict[ReferralState, int], shown: ReferralState) -> list[Tab]:
    return [
        Tab(state=state, count=by_state.get(state, 0), urgent=state in _URGENT)
        for state in _TABS
        if by_state.get(state) or state in _ALWAYS_SHOWN or state is shown
    ]


def _tier_filter(chosen: int | None) -> list[tuple[str, str, bool]]:
    tiers = [("Tous", "/file-active?etat=waiting", chosen is None)]
    return tiers + [
        (f"Priorité {tier}", f"/file-active?etat=waiting&priorite={tier}", chosen == tier)
        for tier in words.TIERS
    ]


def _files(
    session: Session, guest: Guest, state: ReferralState, after: str
) -> tuple[list[Line], dict[str, str]]:
    listed = list_referrals(
        session, guest.actor, states=(state,), limit=PER_PAGE, after=_read_after(after), now=guest.now
    )
    lines = _with_tiers(session, guest, listed.rows)
    last = listed.rows[-1] if listed.more else None
    return lines, {"apres": f"{last.waiting_since}~{last.id}"} if last else {}


def _of_tier(session: Session, guest: Guest, tier: int, page: int) -> tuple[list[Line], dict[str, str]]:
    rules = in_force(session, guest.actor.territory_id).policy
    groups = waiting_by_tier(session, guest.actor, on=guest.today, policy=rules)
    ids = next(group.ids for group in groups if group.tier == tier)
    shown = ids[page * PER_PAGE : (page + 1) * PER_PAGE]
    files = lines_of(session, guest.actor, shown, now=guest.now)
    more = len(ids) > (page + 1) * PER_PAGE
    lines = [_line(guest, line, tier) for line in files]
    return lines, {"priorite": str(tier), "page": str(page + 1)} if more else {}


def _proposals(session: Session, guest: Guest, after: str) -> tuple[list[Line], dict[str, str]]:
    tier, _, rest = after.partition("~")
    place = _read_after(rest)
    listed = list_proposals(
        session,
        guest.actor,
        limit=PER_PAGE,
        after=(int(tier), *place) if place and tier in {"1", "2", "3"} else None,
        now=guest.now,
    )
    last = listed.rows[-1] if listed.more else None
    following = {"apres": f"{last.tier}~{last.waiting_since}~{last.id}"} if last else {}
    return [_proposed(guest, line) for line in listed.rows], following


def _with_tiers(session: Session, guest: Guest, rows: Sequence[ReferralLine]) -> list[Line]:
    rules = in_force(session, guest.actor.territory_id).policy
    tiers = tiers_of(session, guest.actor, [row.id for row in rows], on=guest.today, policy=rules)
    return [_line(guest, row, tiers.get(row.id)) for row in rows]


def _line(guest: Guest, row: ReferralLine, tier: int | None) -> Line:
    return Line(
        referral_id=row.id,
        name=full_name(row.family_name, row.given_name),
        age_words=age(row.birth_date, guest.today),
        commune=commune_name(row.insee),
        tier=tier,
        waited_days=(guest.today - row.waiting_since).days,
        next_action_on=row.next_action_on,
        late=row.late,
    )


def _proposed(guest: Guest, row: ProposalLine) -> Line:
    return Line(
        referral_id=row.referral_id,
        name=full_name(row.family_name, row.given_name),
        age_words=age(row.birth_date, guest.today),
        commune=commune_name(row.insee),
        tier=row.tier,
        waited_days=(guest.today - row.waiting_since).days,
        next_action_on=None,
        late=False,
        proposal=row,
    )


def _read_after(text: str) -> tuple[date, UUID] | None:
    """Read where the page before ended; anything else is the beginning."""
    since, _, referral_id = text.partition("~")
    try:
        return date.fromisoformat(since), UUID(referral_id)
    except ValueError:
        return None
