"""What the demo shows the national SAS platform: numbers, a neighbour, GPs in several places and CPTS.

Everything is invented: numbers of department "00", RPPS numbers beginning with "9990", a telephone block that
is kept for fiction.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.accounts.people import set_password
from scheduler.agenda.by_hand import Opening, open_slot
from scheduler.demo.calendars import publishers
from scheduler.demo.directory import fictitious_finess, fictitious_rpps
from scheduler.demo.load import PASSWORD
from scheduler.demo.values import DemoTerritory
from scheduler.directory import PracticeGiven, register_practice, register_practitioner
from scheduler.rows import id_of
from scheduler.sas.codes import PRACTITIONER_SYSTEM
from scheduler.sas.regulators import Identifier, Regulator, open_regulator
from scheduler.store.tables import (
    Account,
    Community,
    Gender,
    Membership,
    Modality,
    Practice,
    Practitioner,
    Role,
    Territory,
    Visibility,
)
from scheduler.territory.communes import communes
from scheduler.territory.registry import register_territory

REGULATOR = "sas@demo.example"
"""The account of the demo's regulator of the platform; its password is that of every demo account."""

_NEIGHBOUR = "77053"  # Brie-Comte-Robert
_DAYS = (1, 2)  # tomorrow and the day after: within 72 hours at whatever hour the demo is loaded
_SLOT = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """A slot of each of the coming days."""

    at: time
    visibility: Visibility
    modality: Modality = Modality.AMB
    second_place: bool = False


_TWO_PLACES = (
    _Hours(at=time(9), visibility=Visibility.PUBLIC),
    _Hours(at=time(9, 20), visibility=Visibility.SNP),
    _Hours(at=time(14), visibility=Visibility.PUBLIC, second_place=True),
)
_SHARED = (
    _Hours(at=time(11), visibility=Visibility.CPTS),
    _Hours(at=time(11, 20), visibility=Visibility.CPTS),
)
_ANY_WAY = (
    _Hours(at=time(17), visibility=Visibility.PRO),
    _Hours(at=time(17, 20), visibility=Visibility.PUBLIC, modality=Modality.VR),
    _Hours(at=time(18), visibility=Visibility.SNP, modality=Modality.HH),
)


def load_platform(session: Session, demo: DemoTerritory, *, now: datetime) -> tuple[str, ...]:
    """Complete a loaded demo with what the platform asks for.

    Returns
    -------
    RPPS numbers of the GPs who open something to it here: several places, one CPTS, two CPTS, the
    neighbour's, every kind of slot.
    """
    account_id = session.exec(
        select(Account.id).where(col(Account.email) == "coordination@demo.example")
    ).one()
    home_id = session.exec(select(Territory.id).where(col(Territory.slug) == demo.slug)).one()
    home = Actor(
        key=f"account:{account_id}",
        role=Role.COORDINATOR,
        territory_id=int(home_id or 0),
        account_id=account_id,
    )
    neighbour = _neighbour(session, home)
    session.add(Community(territory_id=home.territory_id, finess=fictitious_finess(901), phone="0199000901"))
    _regulator(session, now)
    busy = {gp.rpps for gp in publishers(demo)} | {intake.practitioner_id for intake in demo.intakes}
    here = [gp.rpps for gp in demo.practitioners if gp.rpps not in busy][:4]
    agendas = ((home, here[0], _TWO_PLACES), (home, here[1], _SHARED), (home, here[2], _SHARED),
               (home, here[3], _ANY_WAY))  # fmt: skip
    _second_place(session, home, here[0])
    _member(session, here[2], neighbour.territory_id)
    for actor, rpps, hours in (*agendas, (neighbour, _colleague(session, neighbour), _SHARED)):
        _open(session, actor, rpps, hours, demo.zone, now)
    return (*here, fictitious_rpps(901))


def _neighbour(session: Session, home: Actor) -> Actor:
    row = register_territory(
        session,
        slug="demo-brie",
        name="CPTS Brie (démonstration, voisine inventée)",
        insee=[_NEIGHBOUR],
    )
    territory_id = id_of(row)
    session.add(Community(territory_id=territory_id, finess=fictitious_finess(902), phone="0199000902"))
    session.flush()
    return Actor(key=home.key, role=Role.COORDINATOR, territory_id=territory_id, account_id=home.account_id)


def _colleague(session: Session, neighbour: Actor) -> str:
    rpps = fictitious_rpps(901)
    row = register_practitioner(
        session,
        neighbour,
        rpps=rpps,
        family_name="ESSAI-VOISIN",
        given_name="Dominique",
        gender=Gender.FEMALE,
        fictitious=True,
    )
    register_practice(session, neighbour, id_of(row), _at(_NEIGHBOUR, "3 place de la Démonstration"))
    return rpps


def _second_place(session: Session, home: Actor, rpps: str) -> None:
    """Let a GP also see patients elsewhere."""
    register_practice(session, home, _id(session, rpps), _at("77067", "12 rue de la Démonstration"))


def _member(session: Session, rpps: str, territory_id: int) -> None:
    session.add(Membership(practitioner_id=_id(session, rpps), territory_id=territory_id))
    session.flush()


def _at(insee: str, address: str) -> PracticeGiven:
    commune = communes().by_insee(insee)
    return PracticeGiven(
        insee=insee,
        structure_id=None,
        address=address,
        phone="0199000903",
        latitude=commune.latitude,
        longitude=commune.longitude,
        wheelchair_access=True,
    )


def _open(
    session: Session, actor: Actor, rpps: str, hours: tuple[_Hours, ...], zone: str, now: datetime
) -> None:
    practitioner_id = _id(session, rpps)
    places = session.exec(
        select(Practice.id).where(col(Practice.practitioner_id) == practitioner_id).order_by(col(Practice.id))
    ).all()
    today: date = now.astimezone(ZoneInfo(zone)).date()
    for days in _DAYS:
        for hour in hours:
            start_at = datetime.combine(today + timedelta(days=days), hour.at, ZoneInfo(zone))
            given = Opening(
                practice_id=int(places[1 if hour.second_place else 0] or 0),
                modality=hour.modality,
                visibility=hour.visibility,
            )
            open_slot(
                session, actor, practitioner_id, given, start_at=start_at, end_at=start_at + _SLOT, now=now
            )


def _regulator(session: Session, now: datetime) -> None:
    given = Regulator(
        identifier=Identifier(system=PRACTITIONER_SYSTEM, value="3009990001/demo"),
        family_name="DÉMO",
        given_name="Régulation",
        email=REGULATOR,
        active=True,
    )
    set_password(session, open_regulator(session, given, now=now).account_id, PASSWORD)


def _id(session: Session, rpps: str) -> int:
    return int(session.exec(select(Practitioner.id).where(col(Practitioner.rpps) == rpps)).one() or 0)
