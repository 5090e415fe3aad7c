"""The GP's and the secretary's own agenda, conflicts, activity and rules, on pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select

from scheduler.agenda.by_hand import take_leave
from scheduler.care.rules import rules_of
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AgendaRules,
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    CareRequest,
    PublishedFeed,
    Role,
    Slot,
    SlotConflict,
    SlotSource,
    SlotState,
)
from tests import factories
from tests.factories import NOW
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import Town
from tests.integration.web.test_slots import SEARCH, form_to

BrowserOf = Callable[[Role], Browser]


def hand_slots(store: Store) -> list[Slot]:
    with store.read() as session:
        query = select(Slot).where(Slot.source == SlotSource.HAND).order_by(col(Slot.start_at))
        return list(session.exec(query))


def test_slots_by_hand_once_and_every_week_with_an_exception_and_an_end(
    browser_of: BrowserOf, store: Store
) -> None:
    browser = browser_of(Role.SECRETARY)
    week = browser.open("/mes-creneaux")
    form = {"on": "24/11/2026", "from": "9h30", "to": "10:00", "capacity": "2"}
    wrong = browser.send(week, "/mes-creneaux/ouvrir", **form | {"to": "9h"})
    assert wrong.status == 422
    assert wrong.form("/mes-creneaux/ouvrir").values["from"] == "9h30"
    opened = browser.send(wrong, "/mes-creneaux/ouvrir", **form)
    assert "Le créneau est ouvert" in opened.text
    assert "2 places libres" in opened.text
    (slot,) = hand_slots(store)
    assert (slot.start_at.isoformat(), slot.capacity) == ("2026-11-24T08:30:00+00:00", 2)
    twice = browser.send(wrong, "/mes-creneaux/ouvrir", **form)
    assert twice.status == 200
    assert len(hand_slots(store)) == 1
    again = browser.send(opened, "/mes-creneaux/ouvrir", **form)
    assert "n’est pas libre à cette heure" in again.text
    assert "est fermé" in browser.send(opened, f"/mes-creneaux/{slot.id}/fermer").text

    weekly = {"weekday": "3", "from": "14:00", "to": "15:00", "slot_minutes": "20"}
    assert "ouverte chaque semaine" in browser.send(opened, "/mes-creneaux/chaque-semaine", **weekly).text
    settings = browser.open("/mes-creneaux/reglages")
    assert "mercredi, 14 h à 15 h" in settings.text
    series = next(form.action for form in settings.forms if form.action.endswith("/sauter"))
    changed = browser.send(settings, series, on="2026-12-02")
    assert "La série est changée" in changed.text
    browser.send(changed, series.replace("sauter", "finir"), on="2026-12-09")
    days = {slot.start_at.date().isoformat() for slot in hand_slots(store) if slot.state is SlotState.OPEN}
    assert days == {"2026-11-25", "2026-12-09"}


def test_the_gp_sees_who_booked_and_who_comes_and_leaves_a_trace(
    browser_of: BrowserOf, slots: list[int], store: Store, town: Town
) -> None:
    with store.write() as session:
        patient = factories.patient(session, family_name="Attendu")
        slot = session.get_one(Slot, slots[1])
        factories.booking(
            session,
            slot=slot,
            state=BookingState.BOOKED,
            patient_id=patient.id,
            booked_by=f"account:{town.accounts[Role.REGULATOR]}",
        )
    for role, named in ((Role.GP, True), (Role.COORDINATOR, False)):
        page = browser_of(role).open(f"/mes-creneaux?medecin={town.practitioner_id}")
        assert "par Essai regulator" in page.text
        assert ("ATTENDU" in page.text) is named
    with store.read() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.patient_id == patient.id)).all()
    assert [(entry.action, entry.role) for entry in entries] == [("R", "gp")]
    assert browser_of(Role.REGULATOR).open("/mes-creneaux").status == 403


def test_limits_addresses_and_a_place_en_sus(
    browser_of: BrowserOf, slots: list[int], store: Store, town: Town
) -> None:
    browser = browser_of(Role.GP)
    settings = browser.open("/mes-creneaux/reglages")
    refused = browser.send(settings, "/mes-creneaux/limites", cancel_hours="2", age_min="9", age_max="3")
    assert refused.status == 422
    assert refused.form("/mes-creneaux/limites").values["age_min"] == "9"
    kept = browser.send(refused, "/mes-creneaux/limites", cancel_hours="2", age_min="3", age_max="")
    assert "limites sont enregistrées" in kept.text
    with store.read() as session:
        rules = session.get_one(AgendaRules, town.practitioner_id)
        assert (rules.cancel_hours, rules.age_min, rules.age_max) == (2, 3, None)
    regulator = browser_of(Role.REGULATOR)
    assert "1 créneau" not in regulator.open(f"{SEARCH}&age=2").text
    assert "3 créneaux" in regulator.open(f"{SEARCH}&age=8").text
    booked = regulator.send(regulator.open(SEARCH), f"/creneaux/{slots[1]}/reserver")
    assert "libre jusqu’à 2 h avant" in booked.text

    shown = browser.send(kept, "/mes-creneaux/adresses")
    address = shown.html.split('readonly value="')[1].split('"')[0]
    with browser.client.stream("GET", address[address.index("/ical/") :]) as answer:
        assert b"RDV SNP (Relais)" in answer.read()
    assert browser.send(kept, "/mes-creneaux/adresses").status == 409  # the same button, pressed twice
    listed = browser.open("/mes-creneaux/reglages")
    assert address not in listed.html
    revoke = next(form.action for form in listed.forms if form.action.endswith("/revoquer"))
    assert "ne donne plus rien" in browser.send(listed, revoke).text
    assert browser.open(address[address.index("/ical/") :]).status == 404
    with store.read() as session:
        assert len(session.exec(select(PublishedFeed)).all()) == 1

    week = browser.open("/mes-creneaux")
    assert "en sus est prise" in browser.send(week, f"/mes-creneaux/{slots[1]}/en-sus").text
    town.now += timedelta(hours=7)
    browser = browser_of(Role.GP)  # the session has ended meanwhile
    with store.read() as session:
        booking = session.exec(select(Booking).where(Booking.place == 1)).one()
    came = browser.send(browser.open(f"/rendez-vous/{booking.id}"), f"/rendez-vous/{booking.id}/venu")
    assert "le patient est venu" in came.text
    assert "Honoré" in came.text


def test_a_conflict_is_settled_by_the_person_it_was_given_to(
    browser_of: BrowserOf, slots: list[int], store: Store, town: Town
) -> None:
    regulator = browser_of(Role.REGULATOR)
    regulator.send(regulator.open(SEARCH), f"/creneaux/{slots[0]}/reserver")
    doctor = factories.actor(Role.GP, territory_id=town.territory_id, practitioner_id=town.practitioner_id)
    today = NOW.date()
    with store.write() as session:
        take_leave(session, doctor, town.practitioner_id, first_on=today, last_on=today, now=NOW)
    listed = regulator.open("/conflits")
    assert "occupe cette heure" in listed.text
    assert "vous, avant le 23 novembre 2026" in listed.text
    action = next(form.action for form in listed.forms if form.action.startswith("/conflits/"))
    assert regulator.send(listed, action, decision="move").status == 409  # where to?
    done = regulator.send(listed, action, decision="move", vers=str(slots[2]))
    assert "Le conflit est réglé" in done.text
    assert "Aucun conflit" in done.text
    with store.read() as session:
        (conflict,) = session.exec(select(SlotConflict)).all()
        assert conflict.resolution == "moved"
        where = session.exec(select(Booking.slot_id).where(Booking.state == BookingState.BOOKED)).one()
    assert where == slots[2]


def test_a_booking_moves_on_the_screen_and_keeps_the_search(
    browser_of: BrowserOf, slots: list[int], store: Store, town: Town
) -> None:
    with store.write() as session:
        session.add(AgendaRules(practitioner_id=town.practitioner_id, cancel_hours=10, updated_at=NOW))
    browser = browser_of(Role.REGULATOR)
    booked = browser.send(browser.open(f"{SEARCH}&age=7"), f"/creneaux/{slots[0]}/reserver")
    booking_id = form_to(booked, "annuler").split("/")[2]
    moving = browser.open(f"{SEARCH}&age=7&deplace={booking_id}")
    assert "Vous déplacez le rendez-vous du lundi 23 novembre, 10 h" in moving.text
    forms = [form for form in moving.forms if form.action.endswith("/deplacer")]
    fields = dict(next(form for form in forms if form.values["slot_id"] == str(slots[2])).fields)
    action = f"/rendez-vous/{booking_id}/deplacer"
    late = browser.post(action, fields | {"motif": ""})
    assert (late.status, "choisissez un motif" in late.text) == (409, True)
    moved = browser.post(action, fields | {"motif": "mistake"})
    assert "Le rendez-vous est déplacé" in moved.text
    assert moved.form("/creneaux").values["age"] == "7"
    assert browser.post(action, fields | {"motif": "mistake"}).text == moved.text  # pressed twice
    with store.read() as session:
        states = {row.slot_id: row.state for row in session.exec(select(Booking))}
    assert states == {slots[0]: BookingState.MOVED, slots[2]: BookingState.BOOKED}


def test_no_slot_becomes_a_request_in_one_step_with_all_that_was_typed(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    browser = browser_of(Role.REGULATOR)
    search = f"/creneaux?ou=Savigny-le-Temple&quand=4h&comment=HH&age=82&habituel={town.practitioner_id}"
    empty = browser.open(search)
    assert "Aucun créneau libre dans les 4 h" in empty.text
    made = browser.send(empty, "/demandes", promis="oui")
    assert "Demande créée" in made.text
    assert "Le médecin habituel est sollicité d’abord. Le cercle s’élargit à 9 h 10." in made.text
    assert browser.send(empty, "/demandes", promis="oui").path == made.path
    with store.read() as session:
        (request,) = session.exec(select(CareRequest)).all()
    told = (request.urgency, request.modalities, request.age, request.usual_practitioner_id, request.promised)
    assert told == (1, ["HH"], 82, town.practitioner_id, True)
    wrong = browser.send(browser.open("/demandes/nouvelle"), "/demandes", ou="Nulleparville", age="vieux")
    assert wrong.status == 422
    assert wrong.form("/demandes").values["ou"] == "Nulleparville"
    assert wrong.form("/demandes").values["age"] == "vieux"
    later = browser.send(made, f"/demandes/{request.id}/prolonger", delai="3")
    assert "échéance est repoussée" in later.text
    gone = browser.send(later, f"/demandes/{request.id}/abandonner", motif="better")
    assert "La demande est abandonnée" in gone.text


def test_why_a_slot_is_not_listed_and_the_list_for_paper(
    browser_of: BrowserOf, slots: list[int], town: Town
) -> None:
    browser = browser_of(Role.REGULATOR)
    fields = browser.open(SEARCH).form(f"/creneaux/{slots[0]}/reserver").fields
    browser.post(f"/creneaux/{slots[0]}/retenir", dict(fields))
    why = f"/creneaux/pourquoi?ou=Savigny-le-Temple&quand=4h&qui={town.practitioner_id}"
    told = browser.open(why)
    assert "Une place est retenue" in told.text
    assert "en dehors des heures cherchées" in told.text
    assert browser_of(Role.SIGNALLER).open(why).status == 403
    paper = browser.open("/creneaux/imprimer")
    assert "01 60 00 00 00" in paper.text
    assert paper.text.count("Dr Hélène LEROY") == len(slots) - 1
    piece = browser.open("/creneaux/resultats?ou=Savigny-le-Temple&quand=48h")
    assert "<html" not in piece.html
    assert "2 créneaux dans les 48 h" in piece.text


@pytest.mark.usefixtures("slots")
def test_activity_by_gp_week_and_commune_and_the_rules_of_care(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    bureau = browser_of(Role.BUREAU)
    for by, name in (("medecin", "Dr LEROY Hélène"), ("semaine", "Semaine du 23/11"), ("commune", "Savigny")):
        page = bureau.open(f"/activite?par={by}&du=2026-11-23&au=2026-11-29")
        assert name in page.text
    assert bureau.open("/activite?du=2026-11-23&au=2026-11-01").status == 422
    assert browser_of(Role.REGULATOR).open("/activite").status == 403
    coordinator = browser_of(Role.COORDINATOR)
    rules = coordinator.open("/regles-soins")
    wrong = coordinator.send(rules, "/regles-soins", announce_lead_min="5")
    assert wrong.status == 422
    assert wrong.form("/regles-soins").values["announce_lead_min"] == "5"
    done = coordinator.send(rules, "/regles-soins", usual_min_0="15", refill="to_all")
    assert "Règles enregistrées" in done.text
    with store.read() as session:
        kept = rules_of(session, town.territory_id)
    assert (kept.usual_min, kept.refill.value) == ((15, 30, 120), "to_all")


def test_nothing_of_a_booking_is_done_twice(browser_of: BrowserOf, slots: list[int], store: Store) -> None:
    browser = browser_of(Role.REGULATOR)
    booked = browser.send(browser.open(SEARCH), f"/creneaux/{slots[0]}/reserver")
    for _ in range(2):
        assert "est annulé" in browser.send(booked, form_to(booked, "annuler")).text
    with store.read() as session:
        assert len(session.exec(select(BookingEvent)).all()) == 2
