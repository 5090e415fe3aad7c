"""Communes of France, looked up while somebody types."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import Anyone
from api.schemas.common import Text
from api.schemas.directory import CommuneOut
from scheduler.territory.communes import Commune, communes

router = APIRouter(prefix="/api/v1/communes", tags=["annuaire"])


@router.get("")
def search(
    _actor: Anyone,
    q: Annotated[Text, Query(min_length=1, max_length=80, description="Nom, code postal ou INSEE")],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[CommuneOut]:
    """Give the communes a text may mean, the likeliest first."""
    return [_shown(commune) for commune in communes().search(q, limit=limit)]


def _shown(commune: Commune) -> CommuneOut:
    return CommuneOut(
        insee=commune.insee,
        name=commune.name,
        postcodes=list(commune.postcodes),
        population=commune.population,
        latitude=commune.latitude,
        longitude=commune.longitude,
        coordinates_from=commune.coordinates_from.value,
    )
