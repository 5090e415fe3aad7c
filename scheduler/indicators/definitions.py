"""What each number means, in the words printed beside it; a number without a definition does not exist."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How a number is called, and what exactly it counts."""

    label: str
    counts: str


DEFINITIONS: Mapping[str, Definition] = {
    "signalled": Definition(
        label="Patients signalés",
        counts="Demandes reçues dans la période (première ligne de l'historique), quelle qu'en soit l'issue.",
    ),
    "qualified": Definition(
        label="Patients qualifiés",
        counts="Demandes que la coordination a lues et qualifiées pour la première fois dans la période.",
    ),
    "placed": Definition(
        label="Patients attribués",
        counts="Demandes acceptées pour la première fois par un médecin dans la période.",
    ),
    "declared": Definition(
        label="Médecins traitants déclarés",
        counts="Déclarations de médecin traitant confirmées pour la première fois dans la période.",
    ),
    **{
        f"asked_{months}": Definition(
            label=f"Suivis demandés à {months} mois",
            counts=f"Réponses reçues dans la période à « suivez-vous toujours ce patient ? », {months} mois "
            "après la déclaration.",
        )
        for months in (3, 6, 12)
    },
    **{
        f"still_{months}": Definition(
            label=f"Toujours suivis à {months} mois",
            counts="Parmi ces réponses, les oui. Masqué si les non se déduisaient et seraient moins de onze.",
        )
        for months in (3, 6, 12)
    },
    "closed": Definition(
        label="Demandes fermées",
        counts="Demandes fermées dans la période sans déclaration par nos soins (trouvé seul, départ…).",
    ),
    "declines": Definition(
        label="Refus des médecins",
        counts="Offres refusées dans la période, avec leur motif ; un patient peut en avoir plusieurs.",
    ),
    "slots_published": Definition(
        label="Créneaux publiés",
        counts="Créneaux de soins non programmés de la période, ouverts à leur début ou pris.",
    ),
    "slots_used": Definition(
        label="Créneaux utilisés",
        counts="Places de ces créneaux prises pour de bon : pris, honorés ou manqués.",
    ),
    "volunteers": Definition(
        label="Médecins volontaires",
        counts="Médecins dont des places pour de nouveaux patients étaient ouvertes dans la période.",
    ),
    "professionals": Definition(
        label="Professionnels utilisateurs",
        counts="Personnes différentes ayant écrit au moins une ligne d'historique dans la période, tâches et "
        "machines exclues.",
    ),
    "waits": Definition(
        label="Délais d'attribution",
        counts="Jours entre le signalement et la première acceptation, pour les patients attribués dans la "
        "période ; médiane : la moitié attend moins.",
    ),
}
