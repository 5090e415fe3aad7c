"""The first page: what is waiting for whoever signs in, in words and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.health import examine
from api.web import words
from api.web.errors import PageRoute
from api.web.finding import asked
from api.web.forms import Form
from api.web.guests import AnyoneHere, Guest
from api.web.labels import full_name
from api.web.places import suggestions
from scheduler.accounts.people import list_people
from scheduler.accounts.tokens import list_tokens
from scheduler.agenda.kept import kept_feeds
from scheduler.agenda.own_agenda import coming_slots, open_offer
from scheduler.referrals.overview import Standing, standing, waiting_by_tier
from scheduler.referrals.policies import in_force
from scheduler.referrals.read import list_referrals
from scheduler.referrals.read_proposals import list_runs
from scheduler.store.tables import ReferralState, Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LINES = 100
_S = ReferralState
_ALWAYS_SHOWN = frozenset({_S.RECEIVED, _S.WAITING, _S.PROPOSED})
_WATCHED = (_S.RECEIVED, _S.QUALIFIED, _S.PROPOSED, _S.OFFERED, _S.ACCEPTED, _S.SUSPENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One number with its words, and where it leads."""

    count: int
    words: str
    href: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalledLine:
    """One patient as the one who signalled them sees the file."""

    referral_id: object
    name: str
    words: words.StateWords
    signalled_on: date
    next_action_on: date | None


@router.get("/")
def home(guest: AnyoneHere) -> HTMLResponse:
    """Show the first page of the role."""
    return _PAGES[guest.actor.role](guest)


def _coordinator(guest: Guest) -> HTMLResponse:
    with guest.here.store.read() as session:
        numbers = standing(session, guest.actor, on=guest.today)
        rules = in_force(session, guest.actor.territory_id).policy
        tiers = waiting_by_tier(session, guest.actor, on=guest.today, policy=rules)
        runs = list_runs(session, guest.actor, limit=1).rows
    return guest.page(
        "home_coordinator.html",
        num_to_do=numbers.num_to_do,
        num_late=numbers.num_late,
        tiles=_tiles(numbers, _WATCHED),
        tiers=tiers,
        run=runs[0] if runs else None,
    )


def _bureau(guest: Guest) -> HTMLResponse:
    """Numbers only: the bureau opens no file, so they are counted for the whole territory."""
    with guest.here.store.read() as session:
        numbers = standing(session, guest.actor, on=guest.today, whole_territory=True)
    tiles = _tiles(numbers, tuple(ReferralState))
    return guest.page(
        "home_bureau.html",
        tiles=[Tile(count=tile.count, words=tile.words) for tile in tiles],
    )


def _signaller(guest: Guest) -> HTMLResponse:
    with guest.here.store.write() as session:
        listed = list_referrals(session, guest.actor, limit=_LINES, now=guest.now)
    lines = [
        SignalledLine(
            referral_id=row.id,
            name=full_name(row.family_name, row.given_name),
            words=words.STATES[row.state],
            signalled_on=row.waiting_since,
            next_action_on=row.next_action_on,
        )
        for row in reversed(listed.rows)
    ]
    return guest.page("home_signaller.html", lines=lines, more=listed.more)


def _regulator(guest: Guest) -> HTMLResponse:
    with guest.here.store.read() as session:
        offer = open_offer(session, guest.actor, now=guest.now)
    return guest.page(
        "home_regulator.html",
        form=Form(values=asked({}, guest.insee).typed()),
        communes=suggestions(guest.insee),
        tiles=[
            Tile(count=offer.num_slots, words="créneaux libres dans les 72 h"),
            Tile(count=offer.num_practitioners, words="médecins qui en proposent"),
        ],
    )


def _keeper(guest: Guest) -> HTMLResponse:
    practitioner_id = guest.actor.practitioner_id
    with guest.here.store.read() as session:
        days = (
            coming_slots(session, practitioner_id, now=guest.now, zone=guest.zone) if practitioner_id else []
        )
    slots = [slot for day in days for slot in day.slots]
    return guest.page(
        "home_gp.html",
        practitioner=practitioner_id,
        days=days,
        num_open=sum(slot.free for slot in slots),
        num_booked=sum(slot.num_booked for slot in slots),
    )


def _admin(guest: Guest) -> HTMLResponse:
    """Show what the administration keeps, and what is wrong with the service."""
    with guest.here.store.read() as session:
        people = list_people(session, guest.actor.territory_id)
        tokens = list_tokens(session, guest.actor.territory_id)
        feeds = kept_feeds(session, guest.actor)
    return guest.page(
        "home_admin.html",
        troubles=[check.sentence for check in examine(guest.here).checks if check.state == "failed"],
        num_people=sum(person.active for person in people),
        num_communes=len(guest.insee),
        num_tokens=sum(token.revoked_at is None for token in tokens),
        num_feeds=len(feeds),
        num_broken=sum(one.feed.num_failures > 0 for one in feeds),
    )


def _tiles(numbers: Standing, states: Sequence[ReferralState]) -> list[Tile]:
    return [
        Tile(
            count=numbers.by_state.get(state, 0),
            words=words.STATES[state].many,
            href=f"/file-active?etat={state.value}",
            urgent=state in {_S.RECEIVED, _S.PROPOSED} and numbers.by_state.get(state, 0) > 0,
        )
        for state in states
        if numbers.by_state.get(state) or state in _ALWAYS_SHOWN
    ]


_PAGES = {
    Role.COORDINATOR: _coordinator,
    Role.SIGNALLER: _signaller,
    Role.REGULATOR: _regulator,
    Role.GP: _keeper,
    Role.SECRETARY: _keeper,
    Role.BUREAU: _bureau,
    Role.ADMIN: _admin,
}
