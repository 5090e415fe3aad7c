"""What ties a territory to the national SAS platform."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "community",
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("finess", sa.String(9), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("community_territory_id_fkey")),
        sa.PrimaryKeyConstraint("territory_id", name=op.f("community_pkey")),
        sa.UniqueConstraint("finess", name=op.f("community_finess_key")),
    )
    op.create_table(
        "membership",
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("membership_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("membership_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("practitioner_id", "territory_id", name=op.f("membership_pkey")),
    )
    op.create_table(
        "sas_regulator",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(60), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.Column("family_name", sa.String(100), nullable=False),
        sa.Column("given_name", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("sas_regulator_account_id_fkey")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("sas_regulator_pkey")),
        sa.UniqueConstraint("system", "value", name="sas_regulator_identifier"),
    )
    op.create_table(
        "sas_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("resource", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sent",
                "dead",
                name="sas_report_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("num_attempts", sa.Integer(), nullable=False),
        sa.Column("last_failure", sa.String(80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sas_report_sent_at"),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("sas_report_booking_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sas_report_pkey")),
        sa.UniqueConstraint("booking_id", "sequence", name="sas_report_sequence"),
    )
    op.create_index(
        "sas_report_due",
        "sas_report",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("sas_report")
    op.drop_table("sas_regulator")
    op.drop_table("membership")
    op.drop_table("community")
