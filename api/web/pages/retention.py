"""How long files are kept, and what became of those whose consent was withdrawn: dates, never who."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.web.errors import PageRoute
from api.web.guests import DirectoryKeeperHere
from scheduler.referrals.pathways import pathways_in_force
from scheduler.retention.periods import Retention
from scheduler.retention.told import kept_files, withdrawn_files

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ERASED = (
    "Nom, prénom, date de naissance, téléphone, courriel, adresse, proche, foyer",
    "Besoins de soins et souhaits, note de la coordination, corrections",
    "Médecins vus, noms de qui a donné et recueilli l’accord",
    "Messages au patient, liens vers ses rendez-vous",
)
KEPT = (
    "Commune, sexe, tranche d’âge au signalement",
    "ALD, C2S, AME, handicap : oui ou non",
    "Priorité, et les dates de l’historique, sans aucun texte",
    "Traces d’accès, sous un numéro tiré au hasard",
)


@router.get("/conservation")
def show(guest: DirectoryKeeperHere) -> HTMLResponse:
    """Show the lengths of time in force, how many files are where, and the withdrawn consents."""
    retention = Retention.of(guest.here.settings)
    with guest.here.store.read() as session:
        withdrawn = withdrawn_files(session, guest.actor, retention)
        counts = kept_files(session, guest.actor)
        pathways = pathways_in_force(session, guest.actor.territory_id)
    return guest.page(
        "retention.html",
        retention=retention,
        counts=counts,
        withdrawn=[
            (line, str(line.referral_id)[:8], pathways[line.pathway].name if line.pathway in pathways else "")
            for line in withdrawn
        ],
        erased=ERASED,
        kept=KEPT,
        today=guest.today,
    )
