"""The building blocks of every wire schema: text, ids, instants, pages, problems."""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Item = TypeVar("Item")

_FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
_LAST_INSTANT = datetime(2100, 1, 1, tzinfo=UTC)
_LARGEST_ID = 2**31 - 1


class Wire(BaseModel):
    """Root of all schemas: an unknown field is refused, blanks around a text are dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    @classmethod
    def of(cls, row: BaseModel, **more: Any) -> Self:
        """Take out of a row the columns that this schema shows, and nothing else."""
        return cls(**cls.columns(row), **more)

    @classmethod
    def columns(cls, row: BaseModel) -> dict[str, Any]:
        """Give the columns of a row that this schema shows, by name."""
        return row.model_dump(include=set(cls.model_fields))


def _within_a_century(at: datetime) -> datetime:
    """Refuse instants that no agenda holds, and that would leave the range of dates once moved to UTC."""
    if not _FIRST_INSTANT <= at < _LAST_INSTANT:
        raise PydanticCustomError("instant_range", "instant out of range")
    return at.astimezone(UTC)


# Neither NUL, which no database keeps, nor the other controls, which no reader sees
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
Insee = Annotated[str, Field(pattern=r"^[0-9][0-9AB][0-9]{3}$", description="Code INSEE de la commune")]
Id = Annotated[int, Field(ge=1, le=_LARGEST_ID)]
Instant = Annotated[
    AwareDatetime, AfterValidator(_within_a_century), Field(description="Instant RFC 3339 avec décalage")
]
Moment = Annotated[AwareDatetime, Field(description="Instant RFC 3339, en UTC")]
"""An instant that is shown: whatever the store holds."""
Version = Annotated[Text, Field(min_length=1, max_length=20)]


class Page(Wire, Generic[Item]):
    """One page of a list; ``next_cursor`` absent (null) = the last one."""

    items: list[Item]
    next_cursor: str | None = Field(
        default=None, description="À redonner tel quel dans « cursor » pour la page suivante ; null à la fin"
    )


class FieldProblem(Wire):
    """What is wrong with one field; the value that was sent is never repeated."""

    field: str
    code: str
    message: str


class Problem(Wire):
    """RFC 9457 problem details; ``code`` is stable, ``detail`` is for people, in French."""

    type: str = Field(examples=["urn:relais:problem:slot_taken"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["slot_taken"])
    instance: str = Field(description="urn:uuid: suivi du numéro de la demande, celui de X-Request-ID")
    errors: list[FieldProblem] | None = None
