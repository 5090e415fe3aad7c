"""Files that are over are set aside, then erased; GPs ask for their own patients."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SOURCES = "source IN ('professional', 'dac', 'cpam', 'prado', 'ehpad', 'import'{})"


def _changes() -> list[Change]:
    return [
        Change(
            table="referral",
            columns=[
                sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
            ],
            checks={
                "referral_source": _SOURCES.format(", 'gp'"),
                "referral_set_aside": "set_aside_at IS NULL OR state IN ('declared', 'closed')",
                "referral_erased": "erased_at IS NULL OR set_aside_at IS NOT NULL",
            },
        ),
        Change(table="patient", columns=[sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True)]),
    ]


def upgrade() -> None:
    for change in _changes():
        apply(change)


def downgrade() -> None:
    op.execute("UPDATE referral SET source = 'professional' WHERE source = 'gp'")
    before = {"referral": {"referral_source": _SOURCES.format("")}}
    for change in reversed(_changes()):
        undo(change, checks=before.get(change.table, {}))
