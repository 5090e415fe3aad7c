"""The policy of a territory: what is posted, what is read back."""

from pydantic import Field

from api.schemas.common import Moment, Text, Wire
from scheduler.referrals.policies import LONGEST_DOCUMENT, InForce
from scheduler.rows import id_of
from scheduler.store.tables import PolicyDocument


class PolicyIn(Wire):
    """A new version of the rules, as its TOML text."""

    document: str = Field(
        min_length=1, max_length=LONGEST_DOCUMENT, description="TOML ; « version » la nomme"
    )
    note: Text = Field(default="", max_length=200, description="Pourquoi, et qui l'a votée")


class PolicyLine(Wire):
    """One version that was kept."""

    id: int
    version: str
    note: str
    created_at: Moment


class PolicyOut(Wire):
    """One version with its text; ``id`` null: the rules Relais comes with."""

    id: int | None
    version: str
    document: str


def policy_line(row: PolicyDocument) -> PolicyLine:
    """Write a version to the wire, without its text."""
    return PolicyLine(id=id_of(row), version=row.version, note=row.note, created_at=row.created_at)


def policy_out(row: PolicyDocument) -> PolicyOut:
    """Write a version to the wire, as it was posted."""
    return PolicyOut(id=id_of(row), version=row.version, document=row.document)


def rules_out(rules: InForce) -> PolicyOut:
    """Write the policy in force to the wire, every key with its meaning."""
    return PolicyOut(id=rules.id, version=rules.policy.version, document=rules.policy.to_toml())
