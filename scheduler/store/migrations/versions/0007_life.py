"""What the life of a referral keeps beyond its states: links to answer by, visits, follow-ups, departures."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CLOSED = "close_reason IN ('found_alone', 'moved', 'died', 'consent_withdrawn', 'duplicate'{more})"
_OFFERED = "state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn'{more})"
_NOT_ENDED = sa.text("ended_at IS NULL")
_NOT_CANCELLED = sa.text("cancelled_at IS NULL")
_TO_ENTER = sa.text("referral_id IS NULL AND dropped_at IS NULL")


def _changes() -> list[Change]:
    return [
        Change(
            table="referral",
            columns=[
                sa.Column("first_visit_on", sa.Date(), nullable=True),
                sa.Column("declared_on", sa.Date(), nullable=True),
                sa.Column("next_follow_up", sa.Integer(), nullable=True),
                sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column("unplaced_because", sa.String(40), nullable=True),
                sa.Column("snoozed_until", sa.Date(), nullable=True),
            ],
            checks={
                "referral_next_follow_up": "next_follow_up IN (3, 6, 12)",
                "referral_close_reason_word": _CLOSED.format(
                    more=", 'declared_elsewhere', 'no_longer_wanted', 'lost_contact'"
                ),
            },
        ),
        Change(
            table="proposal",
            columns=[
                sa.Column("origin", sa.String(24), nullable=False),
                sa.Column("chosen_because", sa.String(40), nullable=True),
            ],
            fill={"origin": "'run'"},
            checks={
                "proposal_origin": "origin IN ('run', 'override', 'hand', 'visit')",
                "proposal_run": "origin <> 'run' OR run_id IS NOT NULL",
            },
            optional={"run_id": "(SELECT id FROM matching_run ORDER BY started_at LIMIT 1)"},
        ),
        Change(
            table="offer",
            columns=[
                sa.Column("group_id", sa.Uuid(), nullable=True),
                sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column("answered_by", sa.String(80), nullable=True),
                sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
            ],
            checks={"offer_state": _OFFERED.format(more=", 'ended'")},
        ),
    ]


def upgrade() -> None:
    for change in _changes():
        apply(change)
    op.create_index(op.f("offer_by_group_id"), "offer", ["group_id"], unique=False)
    _create_links()
    _create_delegations()
    _create_bridges()
    _create_departures()


def downgrade() -> None:
    op.drop_table("departing_patient")
    op.drop_table("departure")
    op.drop_table("bridge")
    op.drop_table("delegation")
    op.drop_table("offer_link")
    op.drop_index(op.f("offer_by_group_id"), table_name="offer")
    op.execute("UPDATE offer SET state = 'withdrawn' WHERE state = 'ended'")
    op.execute(
        "UPDATE referral SET close_reason = 'found_alone'"
        " WHERE close_reason IN ('declared_elsewhere', 'no_longer_wanted', 'lost_contact')"
    )
    before = {
        "referral": {"referral_close_reason_word": _CLOSED.format(more="")},
        "offer": {"offer_state": _OFFERED.format(more="")},
    }
    for change in reversed(_changes()):
        undo(change, checks=before.get(change.table, {}))


def _create_links() -> None:
    op.create_table(
        "offer_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("offer_link_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("offer_link_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("offer_link_token_hash_key")),
    )
    op.create_index(op.f("offer_link_by_group_id"), "offer_link", ["group_id"], unique=False)


def _create_delegations() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("last_on IS NULL OR last_on >= first_on", name="delegation_order"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("delegation_account_id_fkey")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("delegation_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("delegation_pkey")),
    )
    op.create_index(op.f("delegation_by_account_id"), "delegation", ["account_id"], unique=False)
    op.create_index(op.f("delegation_by_practitioner_id"), "delegation", ["practitioner_id"], unique=False)
    op.create_index(
        "delegation_one_open",
        "delegation",
        ["practitioner_id", "account_id"],
        unique=True,
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    )


def _create_bridges() -> None:
    op.create_table(
        "bridge",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("bridge_booking_id_fkey")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("bridge_referral_id_fkey")),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("bridge_pkey")),
    )
    op.create_index(op.f("bridge_by_referral_id"), "bridge", ["referral_id"], unique=False)


def _create_departures() -> None:
    op.create_table(
        "departure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("leaving_on", sa.Date(), nullable=False),
        sa.Column("first_wave_on", sa.Date(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("first_wave_on <= leaving_on", name="departure_order"),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("departure_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("departure_pkey")),
    )
    op.create_index(op.f("departure_by_practitioner_id"), "departure", ["practitioner_id"], unique=False)
    op.create_index(
        "departure_one_open",
        "departure",
        ["practitioner_id"],
        unique=True,
        sqlite_where=_NOT_CANCELLED,
        postgresql_where=_NOT_CANCELLED,
    )
    op.create_table(
        "departing_patient",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("departure_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("enters_on", sa.Date(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name="departing_patient_tier"),
        sa.ForeignKeyConstraint(
            ["departure_id"], ["departure.id"], name=op.f("departing_patient_departure_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("departing_patient_patient_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("departing_patient_referral_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("departing_patient_pkey")),
        sa.UniqueConstraint("patient_id", name=op.f("departing_patient_patient_id_key")),
        sa.UniqueConstraint("referral_id", name=op.f("departing_patient_referral_id_key")),
    )
    op.create_index(
        op.f("departing_patient_by_departure_id"), "departing_patient", ["departure_id"], unique=False
    )
    op.create_index(
        "departing_patient_to_enter",
        "departing_patient",
        ["enters_on"],
        unique=False,
        sqlite_where=_TO_ENTER,
        postgresql_where=_TO_ENTER,
    )
