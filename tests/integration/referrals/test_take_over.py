"""Lists taken over whole or not at all, drafts of their author, pathways matched with their profession."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import func, select

from matching import attach
from scheduler.errors import AlreadyExists, InvalidInput, NotFound, WrongState
from scheduler.exchange import BadTable
from scheduler.referrals.drafts import (
    KEPT_FOR,
    drop_draft,
    find_draft,
    forget_old_drafts,
    own_drafts,
    save_draft,
)
from scheduler.referrals.pathways import UnknownPathway, adopt_pathway, pathway_in_force
from scheduler.referrals.pathways.kept import shipped_document
from scheduler.referrals.qualify import qualify
from scheduler.referrals.rematch import rematch
from scheduler.referrals.signal import signal
from scheduler.referrals.signal_import import confirm_import, forget_old_imports, preview_import
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Signal
from scheduler.store.engine import Store
from scheduler.store.tables import (
    ConsentHow,
    MatchingRun,
    Proposal,
    Referral,
    Role,
    SignalImport,
    SignalSource,
)
from tests import factories
from tests.factories import NOW

CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Awa Diallo")
LIST = (
    "nom;prénom;date de naissance;commune;téléphone;foyer;accord;accord donné;recueilli par\n"
    "Durand;Zoé;07/03/1951;Savigny-le-Temple;0160000000;A;oui;écrit;Awa Diallo\n"
    "Durand;Léo;01/02/2016;Savigny-le-Temple;0160000000;A;oui;écrit;Awa Diallo\n"
    "Martin;Paul;01/02/1960;Savigny-le-Temple;0160000001;;;;\n"
).encode()


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: the use cases behind are tested on both."""
    return sqlite_store


def somebody(store: Store, role: Role = Role.SIGNALLER, territory_id: int | None = None):
    with store.write() as session:
        here = territory_id or factories.territory(session).id
        return factories.actor_of(factories.account(session), role, here)


def preview(store: Store, who, body: bytes = LIST):
    with store.write() as session:
        return preview_import(
            session, who, file_name="l.csv", body=body, pathway="gp", source=SignalSource.CPAM, now=NOW
        )


def test_a_list_is_previewed_then_received_once_with_its_households(store: Store) -> None:
    nurse = somebody(store)
    seen = preview(store, nurse)
    assert (seen.num_new, [line.consent for line in seen.lines]) == (3, [True, True, False])
    stranger = somebody(store, territory_id=nurse.territory_id)
    with store.write() as session:
        assert session.exec(select(func.count()).select_from(Referral)).one() == 0
        with pytest.raises(NotFound):
            confirm_import(session, stranger, seen.id, now=NOW)
    with store.write() as session:
        assert confirm_import(session, nurse, seen.id, now=NOW).num_received == 3
        with pytest.raises(WrongState):
            confirm_import(session, nurse, seen.id, now=NOW)
    with store.read() as session:
        rows = session.exec(select(Referral)).all()
        assert {row.source for row in rows} == {SignalSource.CPAM}
        assert {row.import_id for row in rows} == {seen.id}
        assert len({row.household_id for row in rows if row.household_id}) == 1
        assert session.get_one(SignalImport, seen.id).content is None
    again = preview(store, nurse)
    assert again.num_new == 0
    with store.write() as session:
        assert confirm_import(session, nurse, again.id, now=NOW).num_received == 0


def test_a_bad_cell_keeps_nothing_and_a_list_left_alone_is_erased(store: Store) -> None:
    nurse = somebody(store)
    with pytest.raises(BadTable):
        preview(store, nurse, LIST.replace(b"01/02/1960", b"01/13/1960"))
    with store.read() as session:
        assert session.exec(select(SignalImport)).all() == []
    kept = preview(store, nurse).id
    assert forget_old_imports(store, clock=lambda: NOW + timedelta(hours=25)) == 1
    assert forget_old_imports(store, clock=lambda: NOW + timedelta(hours=25)) == 0
    with store.write() as session, pytest.raises(WrongState):
        confirm_import(session, nurse, kept, now=NOW)


def test_a_draft_is_its_author_s_alone_and_goes_after_a_week(store: Store) -> None:
    nurse = somebody(store)
    stranger = somebody(store, territory_id=nurse.territory_id)
    with store.write() as session:
        draft = save_draft(session, nurse, {"family_name": "Durand", "ald": ""}, pathway="gp", now=NOW)
        typed = {"family_name": "Durand", "given_name": "Zoé"}
        same = save_draft(session, nurse, typed, pathway="gp", draft_id=draft.id, now=NOW)
        assert (same.id, same.typed) == (draft.id, typed)
        assert own_drafts(session, stranger) == []
        with pytest.raises(NotFound):
            find_draft(session, stranger, draft.id)
        drop_draft(session, stranger, draft.id)
        assert [row.id for row in own_drafts(session, nurse)] == [draft.id]
        with pytest.raises(InvalidInput):
            save_draft(session, nurse, {"address": "x" * 3000}, pathway="gp", now=NOW)
    assert forget_old_drafts(store, clock=lambda: NOW + KEPT_FOR) == 0
    assert forget_old_drafts(store, clock=lambda: NOW + KEPT_FOR + timedelta(minutes=1)) == 1


def test_each_pathway_is_matched_with_its_own_profession_and_tiers(store: Store) -> None:
    coordinator = somebody(store, Role.COORDINATOR)
    here = coordinator.territory_id
    who = Identity(family_name="Petit", given_name="Léo", birth_date=date(2021, 5, 2), insee="77445")
    with store.write() as session:
        gp = factories.practitioner(session, territory_id=here)
        speech = factories.practitioner(session, territory_id=here, profession="orthophoniste")
        intakes = {
            each.profession: factories.intake(session, practitioner_id=each.id, places=1).id
            for each in (gp, speech)
        }
        for number, told in enumerate(({"no_language_at_two": True}, {"school_delay": True})):
            given = Signal(
                identity=replace(who, given_name=f"Léo{number}"),
                pathway="orthophoniste",
                answers=told,
                consent=CONSENT,
            )
            referral = signal(session, coordinator, given, now=NOW)
            qualify(session, coordinator, referral.id, Corrections(), now=NOW)
        with pytest.raises(UnknownPathway):
            signal(session, coordinator, Signal(identity=who, pathway="dentiste"), now=NOW)
        with pytest.raises(InvalidInput):
            signal(session, coordinator, Signal(identity=who, answers={"swallowing": True}), now=NOW)
    assert rematch(store, here, limit_s=10, clock=lambda: NOW, solve=solved_here)
    with store.read() as session:
        (run,) = session.exec(select(MatchingRun)).all()
        (proposal,) = session.exec(select(Proposal)).all()
        placed = session.get_one(Referral, proposal.referral_id)
        assert (run.pathway, run.num_patients, run.num_placed) == ("orthophoniste", 2, 1)
        assert (proposal.intake_id, proposal.tier) == (intakes["orthophoniste"], 1)
        assert placed.answers["no_language_at_two"] is True


def solved_here(instance, policy, *, time_limit_s, seed, watch):
    return attach(instance, policy, time_limit_s=time_limit_s, seed=seed, watch=watch)


def test_a_territory_adopts_its_own_pathway_and_never_rewrites_a_version(store: Store) -> None:
    coordinator = somebody(store, Role.COORDINATOR)
    document = shipped_document("sage_femme").replace('version = "2026-11"', 'version = "2027"', 1)
    document = document.replace("under_age = 20", "under_age = 21")
    with store.write() as session:
        assert adopt_pathway(session, coordinator, document, now=NOW).version == "2027"
        with pytest.raises(AlreadyExists):
            adopt_pathway(session, coordinator, document, now=NOW)
        with pytest.raises(InvalidInput):
            adopt_pathway(session, coordinator, document.replace('"sage_femme"', '"gp"'), now=NOW)
        assert pathway_in_force(session, coordinator.territory_id, "sage_femme").under_age == 21
        elsewhere = factories.territory(session).id
        assert pathway_in_force(session, elsewhere, "sage_femme").under_age == 20
