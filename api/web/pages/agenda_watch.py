"""What the person in charge watches over: conflicts to settle, what the agenda did, the rules of care."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.schemas.common import Id
from api.web.arrival import whole_id
from api.web.errors import PageRoute
from api.web.forms import Form, read_count, read_day
from api.web.guests import BookerHere, CoordinatorHere, Guest, RunReaderHere
from api.web.labels import commune_name
from api.web.notices import Notice, notice_of
from api.web.once import do_once
from api.web.sent import FromForm, Sent
from scheduler.agenda.conflicts import expected_bookings
from scheduler.agenda.counters import Counts, count_slots
from scheduler.agenda.search import search
from scheduler.agenda.settling import ConflictLine, Settle, list_conflicts, settle
from scheduler.agenda.slot_query import SlotQuery
from scheduler.care.expected import expected_requests
from scheduler.care.rules import CHECKS, TRIPLES, RefillMode, Rules, change_rules, rules_of
from scheduler.errors import InvalidInput, SlotNotOpen, SlotTaken, WrongState
from scheduler.rows import id_of
from scheduler.store.tables import Account, ConflictKind, Practice

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LINES = 50
_USUAL_WEEKS = 4
_AHEAD = timedelta(days=7)

KINDS = {
    ConflictKind.DELETED: "L’agenda ne montre plus cette heure.",
    ConflictKind.MOVED: "L’agenda a déplacé cette heure.",
    ConflictKind.BUSY: "Autre chose, ou une absence, occupe cette heure.",
    ConflictKind.OVERLAP: "Un autre créneau occupe cette heure.",
}
_URGENCIES = ("4 heures", "dans la journée", "48 heures")
_NUMBERS = (
    "near_travel_min",
    "max_travel_min",
    "notice_min",
    "announce_lead_min",
    "wait_travel_min",
    "offer_min",
)


@router.get("/conflits")
def conflicts(guest: BookerHere) -> HTMLResponse:
    """List the promised times that a calendar no longer shows, each with who must settle it, and when."""
    return _conflicts(guest, notice=notice_of(guest.request))


@router.post("/conflits/{conflict_id}")
def decide(conflict_id: Annotated[Id, Path()], guest: BookerHere, sent: FromForm) -> Response:
    """Keep the time, move the patients, or cancel: all of it, or nothing."""
    given, to_slot_id = sent.values.get("decision", ""), whole_id(sent.values.get("vers", ""))
    try:
        how = _decision(given)
        with guest.here.store.write() as session:
            do_once(
                session,
                guest,
                key=sent.values.get("key", ""),
                route=f"POST /conflits/{conflict_id}",
                what=(given, to_slot_id),
                effect=lambda: {
                    "id": str(
                        settle(
                            session,
                            guest.actor,
                            conflict_id=conflict_id,
                            how=how,
                            to_slot_id=to_slot_id if how is Settle.MOVE else None,
                            now=guest.now,
                        ).id
                    )
                },
            )
    except (InvalidInput, SlotNotOpen, SlotTaken, WrongState) as refusal:
        told = Notice(tone="danger", sentence=str(refusal))
        return _conflicts(guest, notice=told, status=HTTPStatus.CONFLICT)
    return RedirectResponse("/conflits?fait=conflit", status_code=HTTPStatus.SEE_OTHER)


@router.get("/activite")
def activity(guest: RunReaderHere) -> HTMLResponse:
    """Count slots, bookings and hours by GP, week and commune."""
    typed = dict(guest.request.query_params)
    monday = guest.today - timedelta(days=guest.today.weekday())
    usual = {
        "du": (monday - timedelta(weeks=_USUAL_WEEKS)).isoformat(),
        "au": (monday + timedelta(days=6)).isoformat(),
    }
    form = Form(values=usual | {name: text for name, text in typed.items() if text})
    try:
        from_on, to_on = (_day(form, name) for name in ("du", "au"))
        with guest.here.store.read() as session:
            lines = count_slots(session, guest.actor, from_on=from_on, to_on=to_on)
    except InvalidInput as refusal:
        form = form.refused(
            "au" if refusal.field == "to" else refusal.field, f"Attendu : {refusal.expected}."
        )
        return guest.page(
            "agenda_activity.html",
            form=form,
            groups={},
            total=Counts(),
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    by = typed.get("par", "medecin")
    groups: dict[str, Counts] = {}
    for line in lines:
        name = {
            "semaine": f"Semaine du {line.week_on:%d/%m/%Y}",
            "commune": commune_name(line.insee),
        }.get(by, f"Dr {line.practitioner_name}")
        groups[name] = groups.get(name, Counts()) + line.counts
    return guest.page(
        "agenda_activity.html",
        form=Form(values={**form.values, "par": by}),
        groups=groups if by == "semaine" else dict(sorted(groups.items())),
        total=sum((line.counts for line in lines), Counts()),
    )


@router.get("/regles-soins")
def care_rules(guest: CoordinatorHere) -> HTMLResponse:
    """Show what the CPTS has decided about unscheduled care."""
    with guest.here.store.read() as session:
        rules = rules_of(session, guest.actor.territory_id)
    return _rules(guest, Form(values=_typed(rules)))


@router.post("/regles-soins")
def change_care_rules(guest: CoordinatorHere, sent: FromForm) -> Response:
    """Change it; the next round follows."""
    try:
        changes = _changes(sent)
        with guest.here.store.write() as session:
            do_once(
                session,
                guest,
                key=sent.values.get("key", ""),
                route="POST /regles-soins",
                what=changes,
                effect=lambda: {
                    "refill": change_rules(session, guest.actor, changes, now=guest.now).refill.value
                },
            )
    except InvalidInput as refusal:
        form = Form(values=sent.values).refused(refusal.field, f"Attendu : {refusal.expected}.")
        return _rules(guest, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return RedirectResponse("/regles-soins?fait=regles-soins", status_code=HTTPStatus.SEE_OTHER)


def _decision(text: str) -> Settle:
    if text not in set(Settle):
        raise InvalidInput("decision", "garder, déplacer ou annuler")
    return Settle(text)


def _conflicts(guest: Guest, *, notice: Notice | None, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        listed = list_conflicts(session, guest.actor, limit=_LINES)
        lines = [_conflict(session, guest, line) for line in listed.rows]
    return guest.page(
        "conflicts.html", status=status, lines=lines, more=listed.more, notice=notice, key=uuid4().hex
    )


def _conflict(session: Any, guest: Guest, line: ConflictLine) -> dict[str, object]:
    """Give what the page shows of one: whose, what for, who settles it, where its patients could go."""
    owner = None if line.conflict.owner_id is None else session.get(Account, line.conflict.owner_id)
    practice = session.get_one(Practice, line.slot.practice_id)
    query = SlotQuery(
        latitude=practice.latitude,
        longitude=practice.longitude,
        from_at=guest.now,
        to_at=guest.now + _AHEAD,
        practitioner_id=id_of(line.practitioner),
    )
    return {
        "conflict": line.conflict,
        "slot": line.slot,
        "name": f"Dr {line.practitioner.given_name} {line.practitioner.family_name}",
        "phone": practice.phone,
        "kind": KINDS[line.conflict.kind],
        "owner": "vous"
        if owner is not None and owner.id == guest.actor.account_id
        else (owner.name if owner is not None else "la coordination"),
        "is_late": line.conflict.next_action_on < guest.today,
        "bookings": [row.id for row in expected_bookings(session, id_of(line.slot), guest.now)],
        "elsewhere": [
            (found.slot_id, found.start_at)
            for found in search(session, guest.actor, query, now=guest.now).rows
            if found.slot_id != line.slot.id
        ],
    }


def _rules(guest: Guest, form: Form, *, status: int = HTTPStatus.OK) -> HTMLResponse:
    territory_id = guest.actor.territory_id
    with guest.here.store.read() as session:
        rules = rules_of(session, territory_id)
        expected = expected_requests(session, territory_id, rules, now=guest.now)
    return guest.page(
        "care_rules.html",
        status=status,
        form=form,
        expects=any(rules.lookahead_min),
        num_expected=[sum(each.urgency == urgency for each in expected) for urgency in (1, 2, 3)],
        urgencies=_URGENCIES,
        modes=[
            (RefillMode.ONE_BY_ONE.value, "Une demande à la fois"),
            (RefillMode.TO_ALL.value, "Toutes à la fois, la première réponse l’obtient"),
        ],
        key=uuid4().hex,
        notice=notice_of(guest.request),
    )


def _typed(rules: Rules) -> dict[str, str]:
    typed = {name: str(getattr(rules, name)) for name in _NUMBERS}
    for name in TRIPLES:
        typed |= {f"{name}_{place}": str(value) for place, value in enumerate(getattr(rules, name))}
    typed |= {name: "oui" if getattr(rules, name) else "" for name in CHECKS}
    return typed | {"refill": rules.refill.value}


def _changes(sent: Sent) -> dict[str, Any]:
    changes: dict[str, Any] = {name: _number(sent, name) for name in _NUMBERS}
    for name in TRIPLES:
        changes[name] = [_number(sent, f"{name}_{place}") for place in range(3)]
    changes |= {name: sent.values.get(name) == "oui" for name in CHECKS}
    return changes | {"refill": sent.values.get("refill", "")}


def _number(sent: Sent, name: str) -> int:
    try:
        given = read_count(sent.values.get(name, ""), most=99_999)
    except InvalidInput as refusal:
        raise InvalidInput(name, refusal.expected) from None
    if given is None:
        raise InvalidInput(name, "un nombre de minutes")
    return given


def _day(form: Form, name: str) -> date:
    try:
        on = read_day(form.values.get(name, ""))
    except InvalidInput as refusal:
        raise InvalidInput(name, refusal.expected) from None
    if on is None:
        raise InvalidInput(name, "une date comme 07/03/2027")
    return on
