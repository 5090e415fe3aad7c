"""What a signal brings, and pathways."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MEANS = "'oral', 'written', 'representative'"
_OPEN_DECISION = sa.text("decision = 'open'")
_NO_ANSWER = sa.text("answer IS NULL")


def _changes() -> list[Change]:
    return [
        Change(
            table="patient",
            columns=[
                sa.Column("contact_preference", sa.String(24), nullable=True),
                sa.Column("contact_name", sa.String(100), nullable=False),
            ],
            fill={"contact_name": "''"},
            checks={
                "patient_contact_preference": (
                    "contact_preference IN ('phone', 'sms', 'email', 'letter', 'relative')"
                )
            },
        ),
        Change(
            table="referral",
            columns=[
                sa.Column("source", sa.String(24), nullable=False),
                sa.Column("import_id", sa.Uuid(), nullable=True),
                sa.Column("answers", sa.JSON(), nullable=False),
                sa.Column("tier", sa.Integer(), nullable=True),
                sa.Column("rank", sa.Integer(), nullable=True),
                sa.Column("synthesis", sa.Text(), nullable=False),
                sa.Column("synthesis_by", sa.Uuid(), nullable=True),
                sa.Column("synthesis_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column("merged_into", sa.Uuid(), nullable=True),
                sa.Column("unreachable_since", sa.Date(), nullable=True),
                sa.Column("reconfirm_due_on", sa.Date(), nullable=True),
                sa.Column("last_confirmed_on", sa.Date(), nullable=True),
                sa.Column("num_failed_contacts", sa.Integer(), nullable=False),
                sa.Column("returned_state", sa.String(24), nullable=True),
            ],
            fill={
                "source": "'professional'",
                "answers": "'{}'",
                "synthesis": "''",
                "num_failed_contacts": "0",
            },
            checks={
                "referral_source": "source IN ('professional', 'dac', 'cpam', 'prado', 'ehpad', 'import')",
                "referral_num_failed_contacts": "num_failed_contacts >= 0",
                "referral_merged_into": ("merged_into IS NULL OR (state = 'closed' AND merged_into <> id)"),
            },
            references={
                "referral_import_id_fkey": ("import_id", "signal_import", "id"),
                "referral_synthesis_by_fkey": ("synthesis_by", "account", "id"),
                "referral_merged_into_fkey": ("merged_into", "referral", "id"),
            },
        ),
        Change(
            table="consent",
            columns=[
                sa.Column("collector_role", sa.String(60), nullable=False),
                sa.Column("representative", sa.String(200), nullable=False),
                sa.Column("told", sa.JSON(), nullable=False),
            ],
            fill={"collector_role": "''", "representative": "''", "told": "'[]'"},
            checks={"consent_how": f"how IN ({_MEANS}, 'electronic')"},
        ),
        Change(
            table="matching_run",
            columns=[sa.Column("pathway", sa.String(40), nullable=False)],
            fill={"pathway": "'gp'"},
        ),
    ]


def upgrade() -> None:
    _create_import()
    for change in _changes():
        apply(change)
    op.create_index(op.f("referral_by_merged_into"), "referral", ["merged_into"], unique=False)
    _create_seen()
    _create_correction()
    _create_pair()
    _create_draft()
    _create_pathway()


def downgrade() -> None:
    for table in (
        "pathway_document",
        "signal_draft",
        "duplicate_pair",
        "referral_correction",
        "declare_request",
        "seen_practitioner",
    ):
        op.drop_table(table)
    op.drop_index(op.f("referral_by_merged_into"), table_name="referral")
    op.execute("UPDATE consent SET how = 'written' WHERE how = 'electronic'")
    before = {"consent": {"consent_how": f"how IN ({_MEANS})"}}
    for change in reversed(_changes()):
        undo(change, checks=before.get(change.table, {}))
    op.drop_table("signal_import")


def _create_import() -> None:
    op.create_table(
        "signal_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("pathway", sa.String(40), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("num_rows", sa.Integer(), nullable=False),
        sa.Column("num_received", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(imported_at IS NULL) = (num_received IS NULL)", name="signal_import_num_received"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("signal_import_account_id_fkey")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("signal_import_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("signal_import_pkey")),
    )
    op.create_index(op.f("signal_import_by_territory_id"), "signal_import", ["territory_id"], unique=False)


def _create_seen() -> None:
    op.create_table(
        "seen_practitioner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("num_visits", sa.Integer(), nullable=False),
        sa.Column("last_seen_on", sa.Date(), nullable=True),
        sa.CheckConstraint("num_visits BETWEEN 1 AND 99", name="seen_practitioner_num_visits"),
        sa.CheckConstraint("practitioner_id IS NOT NULL OR name <> ''", name="seen_practitioner_who"),
        _referral("seen_practitioner"),
        _practitioner("seen_practitioner"),
        sa.PrimaryKeyConstraint("id", name=op.f("seen_practitioner_pkey")),
    )
    op.create_index(
        op.f("seen_practitioner_by_referral_id"), "seen_practitioner", ["referral_id"], unique=False
    )
    op.create_table(
        "declare_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "answer",
            _enum("declare_request_answer", "declared", "refused", "not_followed", "no_answer"),
            nullable=True,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="declare_request_answered_at"),
        _referral("declare_request"),
        _practitioner("declare_request"),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("declare_request_asked_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("declare_request_pkey")),
    )
    op.create_index(op.f("declare_request_by_referral_id"), "declare_request", ["referral_id"], unique=False)
    op.create_index(
        "declare_request_one_open",
        "declare_request",
        ["referral_id"],
        unique=True,
        sqlite_where=_NO_ANSWER,
        postgresql_where=_NO_ANSWER,
    )


def _create_correction() -> None:
    op.create_table(
        "referral_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        _referral("referral_correction"),
        sa.PrimaryKeyConstraint("id", name=op.f("referral_correction_pkey")),
    )
    op.create_index(
        op.f("referral_correction_by_referral_id"), "referral_correction", ["referral_id"], unique=False
    )


def _create_pair() -> None:
    op.create_table(
        "duplicate_pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("because", sa.JSON(), nullable=False),
        sa.Column(
            "decision",
            _enum("duplicate_pair_decision", "open", "merged", "distinct", "undone"),
            nullable=False,
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("referral_id", "other_id", name="duplicate_pair_once"),
        sa.CheckConstraint("referral_id <> other_id", name="duplicate_pair_two"),
        sa.CheckConstraint("(decision = 'open') = (decided_at IS NULL)", name="duplicate_pair_decided_at"),
        _referral("duplicate_pair"),
        sa.ForeignKeyConstraint(["other_id"], ["referral.id"], name=op.f("duplicate_pair_other_id_fkey")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("duplicate_pair_decided_by_fkey")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("duplicate_pair_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("duplicate_pair_pkey")),
    )
    op.create_index(op.f("duplicate_pair_by_other_id"), "duplicate_pair", ["other_id"], unique=False)
    op.create_index(
        "duplicate_pair_open",
        "duplicate_pair",
        ["territory_id"],
        unique=False,
        sqlite_where=_OPEN_DECISION,
        postgresql_where=_OPEN_DECISION,
    )


def _create_draft() -> None:
    op.create_table(
        "signal_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("pathway", sa.String(40), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("signal_draft_account_id_fkey")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("signal_draft_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("signal_draft_pkey")),
    )
    op.create_index(op.f("signal_draft_by_account_id"), "signal_draft", ["account_id"], unique=False)


def _create_pathway() -> None:
    op.create_table(
        "pathway_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("territory_id", "code", "version", name="pathway_document_version"),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("pathway_document_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("pathway_document_created_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pathway_document_pkey")),
    )


def _referral(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f(f"{table}_referral_id_fkey"))


def _practitioner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["practitioner_id"], ["practitioner.id"], name=op.f(f"{table}_practitioner_id_fkey")
    )


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)
