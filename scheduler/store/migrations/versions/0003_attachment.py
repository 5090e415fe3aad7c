"""Households that ask to stay together, workloads, policies kept, runs that can be watched, and studies."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RUN_STATES = "state IN ('running', 'done', 'failed')"


def _changes() -> list[Change]:
    return [
        Change(
            table="referral",
            columns=[sa.Column("together", sa.Boolean(), nullable=False)],
            fill={"together": "false"},
        ),
        Change(
            table="intake",
            columns=[sa.Column("workload", sa.Integer(), nullable=True)],
            checks={"intake_workload": "workload IS NULL OR workload >= 0"},
        ),
        Change(
            table="matching_run",
            columns=[
                sa.Column("policy_id", sa.Integer(), nullable=True),
                sa.Column("policy_document", sa.Text(), nullable=False),
                sa.Column("time_limit_s", sa.Float(), nullable=False),
                sa.Column("best", sa.String(40), nullable=True),
                sa.Column("elapsed_s", sa.Float(), nullable=True),
                sa.Column("seen_alive_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column("keep_best", sa.Boolean(), nullable=False),
                sa.Column("outcome", sa.JSON(), nullable=False),
            ],
            fill={
                "policy_document": "''",
                "time_limit_s": "60",
                "keep_best": "false",
                "outcome": "'{}'",
            },
            checks={"matching_run_state": "state IN ('running', 'done', 'failed', 'cancelled')"},
            references={"matching_run_policy_id_fkey": ("policy_id", "policy_document", "id")},
        ),
        Change(
            table="proposal",
            columns=[
                sa.Column("units", sa.Integer(), nullable=False),
                sa.Column("facts", sa.JSON(), nullable=False),
                sa.Column("because", sa.String(40), nullable=True),
            ],
            fill={"units": "1", "facts": "'{}'"},
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "policy_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("policy_document_created_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("policy_document_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("policy_document_pkey")),
        sa.UniqueConstraint("territory_id", "version", name="policy_document_version"),
    )
    op.create_table(
        "study",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("kind", _enum("study_kind", "places", "rehearsal", "demography"), nullable=False),
        sa.Column(
            "state", _enum("study_state", "running", "done", "failed", "cancelled"), nullable=False
        ),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(200), nullable=True),
        sa.ForeignKeyConstraint(["requested_by"], ["account.id"], name=op.f("study_requested_by_fkey")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("study_territory_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("study_pkey")),
    )
    op.create_index(op.f("study_by_territory_id"), "study", ["territory_id"], unique=False)
    for change in _changes():
        apply(change)


def downgrade() -> None:
    before = {"matching_run": {"matching_run_state": _RUN_STATES}}
    op.execute("UPDATE matching_run SET state = 'failed' WHERE state = 'cancelled'")
    for change in reversed(_changes()):
        undo(change, checks=before.get(change.table, {}))
    op.drop_index(op.f("study_by_territory_id"), table_name="study")
    op.drop_table("study")
    op.drop_table("policy_document")


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)
