"""Signing in, and who one is once signed in."""

from uuid import UUID

from pydantic import Field, SecretStr

from api.schemas.common import Text, Wire
from scheduler.store.tables import Role


class SignIn(Wire):
    """An e-mail address and its password."""

    email: Text = Field(min_length=3, max_length=200)
    password: SecretStr = Field(min_length=1, max_length=200)


class GrantOut(Wire):
    """One role in one territory."""

    territory_id: int
    role: Role


class Me(Wire):
    """Who is asking, in which role and territory."""

    actor: str = Field(description="« account:… » pour une personne, « token:… » pour un programme")
    account_id: UUID | None
    name: str | None = Field(description="null pour un programme")
    role: Role
    territory_id: int
    practitioner_id: int | None = Field(description="Le médecin dont ce compte tient l'agenda")
    grants: list[GrantOut] = Field(description="Tous les rôles possibles, à choisir par X-Relais-Role")
