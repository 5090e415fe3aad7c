"""A regulator comes from the SAS platform, books in an agenda, and the platform is told all of it."""

import json
import ssl
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from api.fhir.receiver import Receiver
from scheduler.accounts.actor import Actor
from scheduler.accounts.people import set_password
from scheduler.agenda.ending import cancel, honour, miss, move
from scheduler.sas.appointment import identified
from scheduler.sas.platform import HttpPlatform
from scheduler.sas.regulators import Identifier, Regulator, open_regulator, put_regulator
from scheduler.sas.sending import GIVEN_UP_AFTER, list_reports, send_report_again, send_reports
from scheduler.store.engine import Store
from scheduler.store.tables import Booking, ReportState, Role, SasReport, SasVisit
from tests import factories
from tests.factories import NOW, PASSWORD
from tests.integration.api.receiving import served
from tests.integration.web.browser import Browser, Page
from tests.integration.web.conftest import Town

EMAIL = "sas.essai@exemple.test"
KNOWN = Identifier(system="urn:oid:1.2.250.1.213.3.6", value="1ef1c748-01a3-6180-b098-73283ce4e5b1")


def regulator(*, active: bool = True) -> Regulator:
    return Regulator(identifier=KNOWN, family_name="Essai", given_name="Camille", email=EMAIL, active=active)


@pytest.fixture
def from_sas(store: Store, anonymous: Browser) -> Browser:
    """The browser of a regulator with an account of the platform, not signed in."""
    with store.write() as session:
        row = open_regulator(session, regulator(), now=NOW)
        set_password(session, row.account_id, PASSWORD)
    return anonymous


def arrive(browser: Browser, town: Town) -> Page:
    """Follow the address of a slot as the platform completes it, signing in on the way."""
    asked = browser.open(f"/creneaux?medecin={town.practitioner_id}&origin=sas")
    assert asked.path == "/connexion"
    return browser.send(asked, "/connexion", email=EMAIL, password=PASSWORD)


def hold(browser: Browser, page: Page, slot_id: int) -> Page:
    fields = dict(page.form(f"/creneaux/{slot_id}/reserver").fields)
    return browser.post(f"/creneaux/{slot_id}/retenir", fields)


def booked(page: Page) -> UUID:
    return UUID(page.path.rpartition("/")[2])


@pytest.mark.usefixtures("slots")
def test_signing_in_leads_to_the_agenda(from_sas: Browser, town: Town) -> None:
    page = arrive(from_sas, town)
    assert page.path == "/creneaux"
    assert "Agenda du Dr Hélène LEROY" in page.text
    assert len([form for form in page.forms if form.action.endswith("/reserver")]) == 3


@pytest.mark.usefixtures("slots")
def test_without_coming_from_the_platform_there_are_no_rights(
    from_sas: Browser, town: Town, store: Store, browser_of: Callable[[Role], Browser]
) -> None:
    from_sas.sign_in(EMAIL, PASSWORD)
    agenda = f"/creneaux?medecin={town.practitioner_id}"
    assert from_sas.open(agenda).status == 403
    assert from_sas.open(f"{agenda}&origin=elsewhere").status == 403
    assert from_sas.open("/creneaux?medecin=999999&origin=sas").status == 403
    assert from_sas.open(f"{agenda}&origin=sas-preprod").status == 200
    assert from_sas.open("/creneaux").status == 200  # now they may, in this session
    assert browser_of(Role.BUREAU).open(f"{agenda}&origin=sas").status == 403  # nobody else gains by it
    with store.write() as session:
        put_regulator(session, KNOWN, regulator(active=False), now=NOW)
    assert from_sas.open(agenda).path == "/connexion"
    with store.read() as session:
        assert session.exec(select(SasVisit)).all() == []


def test_the_agenda_of_others_and_nonsense(
    browser_of: Callable[[Role], Browser], store: Store, town: Town
) -> None:
    browser = browser_of(Role.REGULATOR)
    with store.write() as session:
        elsewhere = factories.practitioner(session)
    for wrong in (elsewhere.id, 2**31 - 1):
        assert browser.open(f"/creneaux?medecin={wrong}").status == 404
    for nonsense in ("0", "-1", "abc", "²", "9" * 30):  # an ordinary search then
        assert browser.open(f"/creneaux?medecin={nonsense}").text.count("Trouver un créneau")
    assert (
        "Aucun créneau libre dans les sept jours"
        in browser.open(f"/creneaux?medecin={town.practitioner_id}").text
    )


def test_a_slot_that_has_gone_shows_the_agenda_again(
    from_sas: Browser, town: Town, slots: list[int], browser_of: Callable[[Role], Browser]
) -> None:
    page = arrive(from_sas, town)
    other = browser_of(Role.REGULATOR)
    other.send(other.open(f"/creneaux?medecin={town.practitioner_id}"), f"/creneaux/{slots[0]}/reserver")
    refused = from_sas.send(page, f"/creneaux/{slots[0]}/reserver")
    assert refused.status == 409
    assert "Agenda du Dr Hélène LEROY" in refused.text
    assert "vient d’être pris" in refused.text


def staff(town: Town) -> Actor:
    return factories.actor(Role.COORDINATOR, territory_id=town.territory_id)


def told(session: Session) -> list[tuple[int, str, str]]:
    rows = session.exec(select(SasReport).order_by(col(SasReport.sequence))).all()
    assert len({row.booking_id for row in rows}) <= 1
    return [(row.sequence, row.resource["status"], row.resource["start"]) for row in rows]


def test_the_platform_is_told_of_every_change(
    from_sas: Browser, town: Town, slots: list[int], store: Store
) -> None:
    first = booked(from_sas.send(arrive(from_sas, town), f"/creneaux/{slots[0]}/reserver"))
    with store.write() as session:
        moved = move(session, staff(town), booking_id=first, to_slot_id=slots[1], now=NOW)
    later = NOW + timedelta(hours=7)
    with store.write() as session:
        honour(session, staff(town), booking_id=moved.id, now=later)
        miss(session, staff(town), booking_id=moved.id, now=later)
    with store.read() as session:
        assert told(session) == [
            (1, "booked", "2026-11-23T10:00:00.000+01:00"),
            (2, "booked", "2026-11-23T15:00:00.000+01:00"),
            (3, "fulfilled", "2026-11-23T15:00:00.000+01:00"),
            (4, "noshow", "2026-11-23T15:00:00.000+01:00"),
        ]
        assert {row.booking_id for row in session.exec(select(SasReport))} == {first}


def test_holds_and_the_bookings_of_others_are_not_told(
    from_sas: Browser, town: Town, slots: list[int], store: Store, browser_of: Callable[[Role], Browser]
) -> None:
    page = arrive(from_sas, town)
    held = from_sas.post(
        f"/creneaux/{slots[0]}/retenir", dict(page.form(f"/creneaux/{slots[0]}/reserver").fields)
    )
    from_sas.send(held, held.path + "/annuler")
    other = browser_of(Role.REGULATOR)
    search = other.open(f"/creneaux?medecin={town.practitioner_id}")
    theirs = booked(other.send(search, f"/creneaux/{slots[1]}/reserver"))
    with store.write() as session:
        cancel(session, staff(town), booking_id=theirs, now=NOW)
    with store.read() as session:
        assert told(session) == []
    page = from_sas.open(f"/creneaux?medecin={town.practitioner_id}")
    held = from_sas.post(
        f"/creneaux/{slots[0]}/retenir", dict(page.form(f"/creneaux/{slots[0]}/reserver").fields)
    )
    confirmed = from_sas.send(held, held.path + "/confirmer")
    from_sas.send(confirmed, confirmed.path + "/annuler")
    with store.read() as session:
        assert [status for _, status, _ in told(session)] == ["booked", "cancelled"]


def platform(url: str) -> HttpPlatform:
    return HttpPlatform(url=url, tls=ssl.create_default_context(), timeout_s=10)


@pytest.fixture
def cancelled(from_sas: Browser, town: Town, slots: list[int], store: Store) -> UUID:
    """A booking of a patient of the territory, cancelled before the platform was told of anything."""
    page = from_sas.send(arrive(from_sas, town), f"/creneaux/{slots[0]}/reserver")
    with store.write() as session:
        patient = factories.patient(session, family_name="SECRET", given_name="Zoé")
        factories.referral(session, patient=patient, territory_id=town.territory_id)
        session.get_one(Booking, booked(page)).patient_id = patient.id
    from_sas.send(page, page.path + "/annuler")
    return booked(page)


def test_reports_arrive_in_order_whatever_fails(cancelled: UUID, store: Store) -> None:
    now = [NOW]
    receiver = Receiver(answers=[503, 429])
    with served(receiver.app()) as url:

        def send() -> int:
            return send_reports(store, platform(url), system="urn:oid:1.2.3", clock=lambda: now[0])

        assert send() == 0  # 503: the second report waits for the first
        assert send() == 0  # not due yet
        now[0] += timedelta(minutes=1)
        assert send() == 0  # 429
        now[0] += timedelta(minutes=2)
        assert send() == 2
    assert [(one.method, one.resource["status"]) for one in receiver.received] == [
        ("POST", "booked"),
        ("PUT", "cancelled"),
    ]
    key = f"urn:oid:1.2.3|{cancelled}"
    assert receiver.appointments.keys() == {key}
    sent = receiver.appointments[key]
    assert sent["extension"][0]["valueReference"]["identifier"]["value"] == KNOWN.value
    text = json.dumps(sent)
    with store.read() as session:
        patient_id = str(session.get_one(Booking, cancelled).patient_id)
    assert not [word for word in ("SECRET", "Zoé", patient_id, EMAIL) if word in text]


def test_a_lost_answer_is_no_second_booking(cancelled: UUID, store: Store) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url:
        with store.read() as session:
            report = session.exec(select(SasReport).where(SasReport.sequence == 1)).one()
        platform(url).create(identified(report.resource, "urn:oid:1.2.3", cancelled))
        assert send_reports(store, platform(url), system="urn:oid:1.2.3", clock=lambda: NOW) == 2
    assert [one.method for one in receiver.received] == ["POST", "PUT"]


@pytest.mark.usefixtures("cancelled")
def test_what_is_refused_waits_for_a_person_and_stops_nobody(store: Store) -> None:
    receiver = Receiver(answers=[422, 400])
    with served(receiver.app()) as url:

        def send() -> int:
            return send_reports(store, platform(url), system="urn:oid:1.2.3", clock=lambda: NOW)

        assert send() == 0
        with store.write() as session:
            dead = list_reports(session, ReportState.DEAD)
            assert sorted((row.sequence, row.last_failure) for row in dead) == [
                (1, "http_422"),
                (2, "http_400"),
            ]
            for row in dead:
                send_report_again(session, row.id, now=NOW)
        assert send() == 2
    assert [one.method for one in receiver.received] == ["POST", "PUT"]


@pytest.mark.usefixtures("cancelled")
def test_a_platform_that_is_away_is_tried_for_days_then_given_up(store: Store) -> None:
    now, waits = [NOW], []
    for _ in range(GIVEN_UP_AFTER):
        assert send_reports(store, platform("http://127.0.0.1:9"), system="x", clock=lambda: now[0]) == 0
        with store.read() as session:
            first = session.exec(select(SasReport).where(SasReport.sequence == 1)).one()
        waits.append(first.due_at - now[0])
        now[0] = first.due_at
    assert first.state is ReportState.DEAD
    assert waits[:-1] == sorted(waits[:-1])
    assert now[0] - NOW > timedelta(days=3)
