"""The report, its exports, the attestations, the messages and the letters, as people see them."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlmodel import select

from scheduler.messages import enqueue
from scheduler.messages.patients import write_to_patient
from scheduler.messages.templates import Letter
from scheduler.referrals.history import SIGNALLED
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    Message,
    MessageState,
    ReferralEvent,
    ReferralState,
    Role,
    Slot,
)
from tests import factories
from tests.factories import NOW
from tests.integration.web.conftest import Town

SUMMER = datetime(2026, 8, 3, 8, tzinfo=NOW.tzinfo)
LETTER = Letter(kind="essai", subject="Votre demande", body="Bonjour,\n\nUn essai.", short="essai")


@pytest.fixture
def past(store: Store, town: Town) -> None:
    """Sign 12 patients of tier 1, 13 of tier 2 and 3 of tier 3 in summer; place and decline some."""
    with store.write() as session:
        for number in range(28):
            patient = factories.patient(session, birth_date=date(1950, 1, 1), insee="77445")
            row = factories.referral(
                session, territory_id=town.territory_id, patient=patient, ald=number < 12, created_at=SUMMER
            )
            tier = 1 if number < 12 else 2 if number < 25 else 3
            add(session, row, SIGNALLED, SUMMER, {"tier": tier})
            if number < 15:
                add(session, row, "accept", SUMMER + timedelta(days=20), {"tier": tier})
            else:
                add(session, row, "decline", SUMMER, {"reason": "too_far"})


def add(session, row, kind: str, at: datetime, detail: dict) -> None:
    session.add(
        ReferralEvent(
            referral_id=row.id,
            at=at,
            actor="account:1",
            kind=kind,
            to_state=ReferralState.WAITING,
            detail=detail,
        )
    )


@pytest.mark.usefixtures("past")
def test_the_bureau_reads_the_report_and_no_small_group(browser_of) -> None:
    page = browser_of(Role.BUREAU).open("/indicateurs?periode=2026-T3")
    assert page.status == 200
    assert "Patients signalés 28 Demandes reçues" in page.text
    assert "médiane 20 jours" in page.text
    assert page.text.count("<svg") == 0
    assert page.html.count("<svg") >= 4  # a trend for each, and the mark of the service
    client = browser_of(Role.COORDINATOR).client
    answer = client.get("/indicateurs/export.csv", params={"periode": "2026-T3"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    by_tier = {row[2]: row[3] for row in rows if row[:2] == ["Patients signalés", "tier"]}
    assert by_tier == {"2": "13", "others": "15"}  # the three of tier 3 are told with the twelve of tier 1
    assert all(len(row) == 5 and row[4] for row in rows[1:])
    book = load_workbook(
        io.BytesIO(client.get("/indicateurs/export.xlsx", params={"periode": "2026-T3"}).content)
    )
    assert [str(cell.value) for cell in next(book.active.iter_rows())] == rows[0]
    told = client.get("/api/v1/indicators/report", params={"quarter": "2026-T3"}).json()
    figures = {each["label"]: str(each["value"]) for each in told["figures"] if each["value"] is not None}
    assert figures.items() <= {row[0]: row[3] for row in rows[1:] if not row[1]}.items()
    assert (figures["Patients signalés"], told["tables"]["signalled"]["tier"]) == (
        "28",
        {"2": 13, "others": 15},
    )
    assert all(each["definition"] for each in told["figures"])
    trends = client.get("/api/v1/indicators").json()
    assert trends["quarters"][-1]["figures"]["signalled"] == 28
    assert trends["definitions"].keys() == trends["quarters"][-1]["figures"].keys()
    for refused in ("2026-T4", "2026-07", "demain"):
        answer = client.get("/api/v1/indicators/report", params={"quarter": refused})
        assert answer.status_code in {400, 422}
    for refused in ("2026-T4", "2026", "2026-07", "demain"):
        assert client.get("/indicateurs", params={"periode": refused}).status_code in {400, 422}


@pytest.mark.usefixtures("slots")
def test_hours_are_attested_per_month_and_a_gp_sees_their_own(store: Store, town: Town, browser_of) -> None:
    with store.write() as session:
        for row in session.exec(select(Slot)):
            row.start_at, row.end_at = row.start_at - timedelta(days=30), row.end_at - timedelta(days=30)
            session.add(row)
        other = factories.practitioner(
            session, territory_id=town.territory_id, family_name="=CMD()", given_name="@B"
        )
        factories.hand_slot(session, practitioner=other, start_at=NOW - timedelta(days=30))
    bureau, gp = browser_of(Role.BUREAU), browser_of(Role.GP)
    assert "Dr Hélène LEROY 0,75" in bureau.open("/attestations?mois=2026-10").text
    own = gp.open("/attestations?mois=2026-10").text
    assert ("LEROY" in own, "CMD" in own) == (True, False)
    (mine,) = gp.client.get("/api/v1/indicators/attestations", params={"month": "2026-10"}).json()
    assert (mine["practitioner_id"], mine["hours"]) == (town.practitioner_id, 0.75)
    pdf = gp.client.get(f"/attestations/{town.practitioner_id}.pdf", params={"mois": "2026-10"})
    assert pdf.content.startswith(b"%PDF")
    assert gp.client.get(f"/attestations/{other.id}.pdf", params={"mois": "2026-10"}).status_code == 404
    found = bureau.client.get("/attestations/export.csv", params={"mois": "2026-10"}).content.decode(
        "utf-8-sig"
    )
    assert "\r\nDr @B =CMD();" in found  # begins with "Dr": no formula


def test_the_coordination_sends_again_and_posts_letters(store: Store, town: Town, browser_of) -> None:
    with store.write() as session:
        patient = factories.patient(session, family_name="ZZCANARI", address="1 rue des Essais")
        write_to_patient(session, patient, LETTER, territory_id=town.territory_id, key="l", now=NOW)
        message_id = enqueue(
            session, territory_id=town.territory_id, key="m", recipient="a@b.test", letter=LETTER, now=NOW
        )
        row = session.get_one(Message, message_id)
        row.state, row.last_failure = MessageState.DEAD, "recipient_refused"
    browser = browser_of(Role.COORDINATOR)
    page = browser.open("/messages")
    assert "1 lettre à imprimer, 1 message à reprendre" in page.text
    assert "ZZCANARI" not in page.text
    page = browser.send(page, f"/messages/{row.id}/renvoyer")
    assert "0 message à reprendre" in page.text
    letters = browser.open("/messages/lettres")
    assert "Camille ZZCANARI" in letters.text
    assert "1 rue des Essais" in letters.text
    page = browser.send(letters, "/messages/lettres")
    assert "0 lettre à imprimer" in page.text
    browser.send(letters, "/messages/lettres")  # pressed twice
    with store.read() as session:
        assert len(session.exec(select(AuditEntry).where(AuditEntry.object_kind == "patient")).all()) == 1
        states = {row.key: row.state for row in session.exec(select(Message))}
    assert states == {"l": MessageState.SENT, "m": MessageState.WAITING}
