"""The jobs' lease and records, ways for a message to go, and what the reports keep."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _message() -> Change:
    return Change(
        table="message",
        columns=[
            sa.Column("channel", sa.String(24), nullable=False),
            sa.Column("patient_id", sa.Uuid(), nullable=True),
        ],
        fill={"channel": "'mail'"},
        checks={
            "message_channel": "channel IN ('mail', 'sms', 'letter')",
            "message_letter": "channel <> 'letter' OR patient_id IS NOT NULL",
        },
        references={"message_patient_id_fkey": ("patient_id", "patient", "id")},
    )


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(80), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("lease_pkey")),
    )
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(40), nullable=False),
        sa.Column("tick", sa.DateTime(timezone=True), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("num_attempts", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _enum("job_run_state", "running", "done", "failed", "abandoned", "skipped"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(200), nullable=True),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="job_run_ended_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("job_run_pkey")),
        sa.UniqueConstraint("job_id", "tick", name="job_run_tick"),
    )
    op.create_index("job_run_by_start", "job_run", ["started_at"], unique=False)
    op.create_table(
        "indicator_snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("indicator_snapshot_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("indicator_snapshot_pkey")),
        sa.UniqueConstraint("territory_id", "month", name="indicator_snapshot_month"),
    )
    apply(_message())
    op.create_index(op.f("message_by_patient_id"), "message", ["patient_id"], unique=False)
    op.create_index(op.f("referral_event_by_at"), "referral_event", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("referral_event_by_at"), table_name="referral_event")
    op.drop_index(op.f("message_by_patient_id"), table_name="message")
    undo(_message(), checks={})
    op.drop_table("indicator_snapshot")
    op.drop_index("job_run_by_start", table_name="job_run")
    op.drop_table("job_run")
    op.drop_table("lease")


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)
