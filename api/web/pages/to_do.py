"""The coordination's day: one list per kind of work, each case in exactly one, the most pressing first."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.acts import act
from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere
from api.web.labels import age, commune_name, full_name, phone
from api.web.life_notices import life_notice
from api.web.life_words import WORKLISTS
from api.web.sent import FromForm
from api.web.words import STATES
from scheduler.referrals.attending import CaseLine, list_worklist, read_worklists
from scheduler.referrals.overview import practitioner_name
from scheduler.referrals.worklists import Worklist

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LINES = 50


@router.get("/a-faire")
def show(
    guest: CoordinatorHere,
    liste: Annotated[str, Query(max_length=40)] = "",
    apres: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> HTMLResponse:
    """Show how many cases each list holds, and one of them; each patient shown is traced."""
    with guest.here.store.write() as session:
        lists = read_worklists(session, guest.actor, now=guest.now)
        counts = {worklist: len(cases) for worklist, cases in lists.items()}
        chosen = Worklist(liste) if liste in set(Worklist) else _first(counts)
        listed = list_worklist(
            session, guest.actor, chosen, limit=_LINES, skip=apres, lists=lists, now=guest.now
        )
        names = {
            line.case.practitioner_id: practitioner_name(session, line.case.practitioner_id)
            for line in listed.rows
            if line.case.practitioner_id is not None
        }
    return guest.page(
        "to_do.html",
        tabs=[(f"/a-faire?liste={one}", WORKLISTS[one][0], counts[one], True) for one in Worklist],
        chosen_href=f"/a-faire?liste={chosen}",
        worklist=chosen,
        title=WORKLISTS[chosen][0],
        lead=WORKLISTS[chosen][1],
        total=sum(counts.values()),
        num_here=counts[chosen],
        lines=[_line(guest, line, names) for line in listed.rows],
        previous_href=_page(chosen, apres - _LINES) if apres else "",
        next_href=_page(chosen, apres + _LINES) if listed.more else "",
        key=uuid4().hex,
        notice=life_notice(guest.request),
    )


@router.post("/a-faire/{worklist}/{referral_id}/{name}")
def do(
    worklist: Worklist,
    referral_id: UUID,
    name: Annotated[str, Path(pattern="^(regarde|prendre|reprendre)$")],
    guest: CoordinatorHere,
    sent: FromForm,
) -> Response:
    """Say that a case was looked at, take charge of it, or take its search up again."""
    act(guest, referral_id, name, sent, surgery=False)
    said = urlencode({"liste": worklist.value, "fait": name})
    return RedirectResponse(f"/a-faire?{said}", status_code=HTTPStatus.SEE_OTHER)


def _first(counts: dict[Worklist, int] | object) -> Worklist:
    return next((one for one in Worklist if counts[one]), Worklist.TO_QUALIFY)  # type: ignore[index]


def _page(worklist: Worklist, skip: int) -> str:
    return f"/a-faire?liste={worklist}" + (f"&apres={skip}" if skip > 0 else "")


def _line(guest: CoordinatorHere, line: CaseLine, names: dict[int, str]) -> dict[str, object]:
    case = line.case
    return {
        "id": case.referral_id,
        "name": full_name(line.family_name, line.given_name),
        "facts": [age(line.birth_date, guest.today), commune_name(line.insee), phone(line.phone)],
        "tier": case.tier,
        "state": STATES[case.facts.state],
        "waited_days": case.facts.waited_days,
        "next_on": case.facts.next_on,
        "late": case.facts.late,
        "owner": line.owner_name,
        "mine": case.owner_id is not None and case.owner_id == guest.actor.account_id,
        "practitioner": names.get(case.practitioner_id, "") if case.practitioner_id else "",
        "num_declines": case.facts.num_declines,
    }
