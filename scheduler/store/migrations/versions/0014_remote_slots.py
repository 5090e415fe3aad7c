"""Slots by video are found wherever their practitioner is: an index of those alone, which are few."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_REMOTE = sa.text("modality = 'VR' AND state = 'open'")


def upgrade() -> None:
    """Index the open slots by video."""
    op.create_index(
        "slot_remote",
        "slot",
        ["practitioner_id", "start_at"],
        unique=False,
        sqlite_where=_REMOTE,
        postgresql_where=_REMOTE,
    )


def downgrade() -> None:
    """Forget the index."""
    op.drop_index("slot_remote", table_name="slot")
