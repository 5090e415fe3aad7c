"""The pathways of a territory: those Relais comes with, each replaced by the last version it adopted."""

from datetime import datetime
from functools import cache
from importlib.resources import files

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.errors import AlreadyExists, InvalidInput
from scheduler.referrals.pathways.document import Pathway
from scheduler.referrals.pathways.errors import UnknownPathway
from scheduler.referrals.pathways.reading import read_pathway
from scheduler.rows import id_of
from scheduler.store.tables import PathwayDocument, Role, SignalSource

SHIPPED = ("gp", "orthophoniste", "sage_femme")
"""Codes of the pathways Relais comes with, in the order of the pages."""

GP = "gp"
_KEPT = (
    select(PathwayDocument)
    .where(col(PathwayDocument.territory_id) == bindparam("territory_id"))
    .order_by(col(PathwayDocument.id))
)
PATHWAYS = "relais_pathways"
"""Where a session remembers the pathways of each territory."""


@cache
def shipped() -> dict[str, Pathway]:
    """Read the pathways Relais comes with."""
    return {code: read_pathway(shipped_document(code)) for code in SHIPPED}


def shipped_document(code: str) -> str:
    """Give the text of a pathway Relais comes with, to start another one from.

    Raises
    ------
    UnknownPathway
        When there is none of this code.
    """
    if code not in SHIPPED:
        raise UnknownPathway
    return files(__package__).joinpath(f"{code}.toml").read_text(encoding="utf-8")


def pathways_in_force(session: Session, territory_id: int) -> dict[str, Pathway]:
    """Give the pathways of a territory by code, the GP's first."""
    known: dict[int, dict[str, Pathway]] = session.info.setdefault(PATHWAYS, {})  # asked for each patient
    if territory_id not in known:
        rows = session.exec(_KEPT, params={"territory_id": territory_id})
        known[territory_id] = shipped() | {row.code: read_pathway(row.document) for row in rows}
    return known[territory_id]


def pathways_open_to(session: Session, actor: Actor) -> dict[str, Pathway]:
    """Give the pathways somebody may ask for: a GP's side those open to the patient's own GP."""
    found = pathways_in_force(session, actor.territory_id)
    gp_side = actor.role in {Role.GP, Role.SECRETARY}
    return {
        code: each
        for code, each in found.items()
        if any((source is SignalSource.GP) == gp_side for source in each.requesters)
    }


def pathway_in_force(session: Session, territory_id: int, code: str) -> Pathway:
    """Give one pathway of a territory.

    Raises
    ------
    UnknownPathway
        When the territory has none of this code.
    """
    try:
        return pathways_in_force(session, territory_id)[code]
    except KeyError:
        raise UnknownPathway from None


def adopt_pathway(session: Session, actor: Actor, document: str, *, now: datetime) -> Pathway:
    """Keep a new pathway, or a new version of one, which holds from now on.

    Raises
    ------
    InvalidPathway
        With every problem of the document.
    InvalidInput
        When the GP's pathway would no longer look for GPs.
    AlreadyExists
        When this version was kept: what was voted is never rewritten.
    """
    pathway = read_pathway(document)
    if pathway.code == GP and (pathway.profession != GP or not pathway.by_policy):
        raise InvalidInput(
            "profession", "« gp » et les priorités de la politique, pour la filière médecin traitant"
        )
    kept = select(PathwayDocument.id).where(
        col(PathwayDocument.territory_id) == actor.territory_id,
        col(PathwayDocument.code) == pathway.code,
        col(PathwayDocument.version) == pathway.version,
    )
    ours = shipped().get(pathway.code)
    if session.exec(kept).first() is not None or (ours is not None and ours.version == pathway.version):
        raise AlreadyExists("version")
    row = PathwayDocument(
        territory_id=actor.territory_id,
        code=pathway.code,
        version=pathway.version,
        document=document,
        created_by=actor.account_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.info.pop(PATHWAYS, None)
    record(
        session,
        actor,
        action="C",
        object_kind="pathway",
        object_id=str(id_of(row)),
        purpose="policy",
        now=now,
    )
    return pathway
