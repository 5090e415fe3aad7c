"""The demo territory: the CPTS Sénart, real communes, invented people."""

from datetime import date

from scheduler.demo.directory import demo_intakes, demo_practitioners, demo_structures
from scheduler.demo.values import DemoAccount, DemoTerritory
from scheduler.demo.waiting_list import SHARE_ALD_AMONG_THEM, SHARE_WITHOUT_GP, demo_referrals
from scheduler.territory.communes import communes

# Savigny-le-Temple, Combs-la-Ville, Moissy-Cramayel, Lieusaint, Cesson, Nandy, Vert-Saint-Denis, Réau.
SENART = ("77445", "77122", "77296", "77251", "77067", "77326", "77495", "77384")


def demo_territory(seed: int, today: date) -> DemoTerritory:
    """Return the demo CPTS: same seed and day, same territory.

    Eight real communes with their populations and positions; structures, GPs and patients are invented,
    each with ``fictitious=True``, e-mail addresses at example.org and telephone numbers that ARCEP keeps
    for fiction. Proportions and their sources: ``waiting_list``.

    Parameters
    ----------
    seed : int
        Same seed, same people; another seed, other people in the same proportions.
    today : date
        Day to which ages, waiting times and departures are relative.
    """
    places = tuple(communes().by_insee(code) for code in SENART)
    inhabitants = sum(commune.population for commune in places)
    num_without_gp = round(inhabitants * SHARE_WITHOUT_GP)
    num_ald = round(num_without_gp * SHARE_ALD_AMONG_THEM)
    structures = demo_structures(seed, places)
    practitioners = demo_practitioners(seed, places, structures)
    intakes = demo_intakes(practitioners, today)
    return DemoTerritory(
        seed=seed,
        today=today,
        slug="demo-senart",
        name="CPTS Sénart (démonstration, personnes inventées)",
        zone="Europe/Paris",
        communes=places,
        inhabitants=inhabitants,
        num_without_gp=num_without_gp,
        num_ald_without_gp=num_ald,
        structures=structures,
        practitioners=practitioners,
        intakes=intakes,
        referrals=demo_referrals(seed, places, [gp.rpps for gp in practitioners], num_ald, today),
        accounts=_accounts(intakes[0].practitioner_id),
    )


def _accounts(practitioner_id: str) -> tuple[DemoAccount, ...]:
    """Return one account per role; the GP and their secretary belong to the first volunteer."""
    return (
        DemoAccount(email="signalement@demo.example", name="Infirmière libérale (démo)", role="signaller"),
        DemoAccount(
            email="medecin@demo.example",
            name="Médecin volontaire (démo)",
            role="gp",
            practitioner_id=practitioner_id,
        ),
        DemoAccount(
            email="secretariat@demo.example",
            name="Secrétariat médical (démo)",
            role="secretary",
            practitioner_id=practitioner_id,
        ),
        DemoAccount(email="coordination@demo.example", name="Coordination (démo)", role="coordinator"),
        DemoAccount(email="regulation@demo.example", name="Régulation SAS (démo)", role="regulator"),
        DemoAccount(email="bureau@demo.example", name="Bureau de la CPTS (démo)", role="bureau"),
        DemoAccount(email="administration@demo.example", name="Administration (démo)", role="admin"),
    )
