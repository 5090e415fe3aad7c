"""What people act as, and the links by which they choose a password."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ROLES = ("signaller", "gp", "secretary", "coordinator", "regulator", "bureau", "admin")


def _chosen() -> Change:
    return Change(
        table="web_session",
        columns=[
            sa.Column("role", sa.String(24), nullable=True),
            sa.Column("territory_id", sa.Integer(), nullable=True),
        ],
        checks={"web_session_role": f"role IN ({', '.join(repr(role) for role in _ROLES)})"},
        references={"web_session_territory_id_fkey": ("territory_id", "territory", "id")},
    )


def upgrade() -> None:
    """Keep the role somebody acts in with their session; make links of one use."""
    apply(_chosen())
    op.create_table(
        "access_link",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("access_link_account_id_fkey")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("access_link_pkey")),
    )
    op.create_index(op.f("access_link_by_account_id"), "access_link", ["account_id"], unique=False)


def downgrade() -> None:
    """Forget both."""
    op.drop_index(op.f("access_link_by_account_id"), table_name="access_link")
    op.drop_table("access_link")
    undo(_chosen(), checks={})
