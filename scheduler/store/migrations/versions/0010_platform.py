"""Regulators of the platform who leave and whose identifier is given on; sessions that come from it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("sas_regulator")  # nothing could write it before this revision
    op.create_table(
        "sas_regulator",
        *_identity(),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        *_keys(),
    )
    op.create_index(
        "sas_regulator_identifier",
        "sas_regulator",
        ["system", "value"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "sas_visit",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_hash"],
            ["web_session.token_hash"],
            name=op.f("sas_visit_token_hash_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("sas_visit_territory_id_fkey")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("sas_visit_pkey")),
    )


def downgrade() -> None:
    op.drop_table("sas_visit")
    op.drop_table("sas_regulator")
    op.create_table(
        "sas_regulator",
        *_identity(),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        *_keys(),
        sa.UniqueConstraint("system", "value", name="sas_regulator_identifier"),
    )


def _identity() -> list[sa.Column[Any]]:
    return [
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(60), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.Column("family_name", sa.String(100), nullable=False),
        sa.Column("given_name", sa.String(100), nullable=False),
    ]


def _keys() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("sas_regulator_account_id_fkey")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("sas_regulator_pkey")),
    ]
