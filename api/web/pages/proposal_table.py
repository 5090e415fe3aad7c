"""The proposals that wait: a table to sort, filter and tick, and a map of where patients would go."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.web import words
from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere, Guest
from api.web.labels import age, commune_name, full_name
from api.web.maps import Area, Flow, Mark, map_svg
from api.web.notices import notice_of
from api.web.sent import FromForm
from scheduler.referrals.overview import pending_proposals
from scheduler.referrals.pending import (
    Counted,
    Journey,
    PendingLine,
    PendingOrder,
    PendingWanted,
    pending_counts,
    pending_journeys,
    pending_table,
)
from scheduler.referrals.undo import unsent_offers

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PER_PAGE = 50
_ORDERS = {
    PendingOrder.TIER: "Priorité, puis attente",
    PendingOrder.WAIT: "Attente la plus longue",
    PendingOrder.TRAVEL: "Trajet le plus long",
    PendingOrder.GP: "Médecin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One proposal, in words."""

    id: UUID
    referral_id: UUID
    name: str
    age_words: str
    commune: str
    tier: int
    waited_days: int
    practitioner: str
    distance_km: float
    travel_s: int
    reason: str
    units: int
    home: str


@router.get("/propositions")
def show(
    guest: CoordinatorHere,
    priorite: Annotated[str, Query(pattern="^[123]?$")] = "",
    commune: Annotated[str, Query(max_length=5)] = "",
    medecin: Annotated[str, Query(pattern="^[0-9]{0,9}$")] = "",
    tri: PendingOrder = PendingOrder.TIER,
    page: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> HTMLResponse:
    """Show the proposals that wait, those to decide first on top."""
    wanted = PendingWanted(
        tier=int(priorite) if priorite else None,
        insee=commune or None,
        practitioner_id=int(medecin) if medecin else None,
        order=tri,
    )
    with guest.here.store.write() as session:  # each line shown is a file read
        table = pending_table(
            session, guest.actor, wanted, limit=PER_PAGE, offset=page * PER_PAGE, now=guest.now
        )
    with guest.here.store.read() as session:
        counted = pending_counts(session, guest.actor)
        unsent = unsent_offers(session, guest.actor, now=guest.now)
    asked = {"priorite": priorite, "commune": commune, "medecin": medecin, "tri": tri.value}
    return guest.page(
        "proposals.html",
        rows=[row_of(line, guest) for line in table.lines],
        total=table.total,
        num_pending=sum(counted.tiers.values()),
        choices=_choices(counted),
        asked=asked,
        is_filtered=bool(priorite or commune or medecin),
        unsent=unsent,
        previous_href=_page(asked, page - 1) if page else "",
        next_href=_page(asked, page + 1) if (page + 1) * PER_PAGE < table.total else "",
        notice=notice_of(guest.request),
    )


@router.get("/propositions/carte")
def show_map(guest: CoordinatorHere) -> HTMLResponse:
    """Show from which commune to which practice patients would go: numbers, nobody's file."""
    with guest.here.store.read() as session:
        journeys = pending_journeys(session, guest.actor)
    return guest.page(
        "proposals_map.html", journeys=journeys, lines=_lines(journeys), drawing=_map(journeys, guest)
    )


@router.post("/propositions/verifier")
def ask_for_some(guest: CoordinatorHere, sent: FromForm) -> HTMLResponse:
    """Ask before those that were ticked are validated; exactly what is shown is what will be sent."""
    ticked = set(sent.all("page_id" if "page" in sent.values else "proposal_id"))
    with guest.here.store.read() as session:
        pending = pending_proposals(session, guest.actor, limit=10_000, only=ticked)
    return guest.page(
        "validate_all.html",
        num_pending=len(pending.ids),
        practitioners=pending.by_practitioner,
        proposal_ids=pending.ids,
    )


def row_of(line: PendingLine, guest: Guest) -> Row:
    """Put a proposal into words."""
    proposal = line.proposal
    return Row(
        id=proposal.id,
        referral_id=proposal.referral_id,
        name=full_name(proposal.family_name, proposal.given_name),
        age_words=age(proposal.birth_date, guest.today),
        commune=commune_name(proposal.insee),
        tier=proposal.tier,
        waited_days=(guest.today - proposal.waiting_since).days,
        practitioner=proposal.practitioner_name,
        distance_km=proposal.distance_m / 1000,
        travel_s=proposal.travel_s,
        reason=proposal.reason,
        units=line.units,
        home=words.home_of_proposal(line.home_here, line.home_elsewhere),
    )


def _choices(counted: Counted) -> dict[str, list[tuple[str, str]]]:
    """Give what each filter may be, with how many proposals it keeps."""
    communes = sorted((commune_name(insee), insee, n) for insee, n in counted.communes.items())
    gps = sorted((name, key, n) for key, (name, n) in counted.practitioners.items())
    return {
        "priorite": [(str(tier), f"Priorité {tier} ({n})") for tier, n in sorted(counted.tiers.items())],
        "commune": [(insee, f"{name} ({n})") for name, insee, n in communes],
        "medecin": [(str(key), f"{name} ({n})") for name, key, n in gps],
        "tri": [(order.value, label) for order, label in _ORDERS.items()],
    }


def _page(asked: dict[str, str], number: int) -> str:
    kept = {name: value for name, value in asked.items() if value} | ({"page": str(number)} if number else {})
    return f"/propositions?{urlencode(kept)}"


def _lines(journeys: tuple[Journey, ...]) -> list[tuple[str, str, int]]:
    """Say each flow: commune, GP, patients; the largest first."""
    told = [(commune_name(one.insee), one.practitioner_name, one.count) for one in journeys]
    return sorted(told, key=lambda line: (-line[2], line[0], line[1]))


def _map(journeys: tuple[Journey, ...], guest: Guest) -> object:
    if not journeys:
        return None
    leaving, arriving = Counter[str](), Counter[tuple[str, float, float]]()
    for one in journeys:
        leaving[one.insee] += one.count
        arriving[one.practitioner_name, one.latitude, one.longitude] += one.count
    shown = sorted({*guest.insee, *leaving})
    return map_svg(
        [
            Area(
                insee=insee,
                value=leaving[insee],
                told=f"{leaving[insee]}",
                href=f"/propositions?commune={insee}",
            )
            for insee in shown
        ],
        marks=[
            Mark(name=name, latitude=latitude, longitude=longitude, size=number, told=f"{number}")
            for (name, latitude, longitude), number in sorted(arriving.items())
        ],
        flows=[
            Flow(insee=one.insee, latitude=one.latitude, longitude=one.longitude, count=one.count)
            for one in journeys
        ],
    )
