"""Care requests and their slots, feeds given out, alerts about calendars, mail."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "care_rules",
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("care_rules_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", name=op.f("care_rules_pkey")),
    )
    op.create_table(
        "fill_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("state", _enum("fill_round_state", "running", "done", "failed"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(20), nullable=True),
        sa.Column("num_requests", sa.Integer(), nullable=False),
        sa.Column("num_slots", sa.Integer(), nullable=False),
        sa.Column("num_planned", sa.Integer(), nullable=False),
        sa.Column("num_changed", sa.Integer(), nullable=False),
        sa.Column("num_announced", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fill_round_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("fill_round_pkey")),
    )
    op.create_index(op.f("fill_round_by_territory_id"), "fill_round", ["territory_id"], unique=False)
    op.create_index(
        "fill_round_one_running",
        "fill_round",
        ["territory_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )

    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", _enum("message_state", "waiting", "sent", "dead"), nullable=False),
        sa.Column("num_attempts", sa.Integer(), nullable=False),
        sa.Column("last_failure", sa.String(80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="message_sent_at"),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("message_territory_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("message_pkey")),
        sa.UniqueConstraint("key", name=op.f("message_key_key")),
    )
    op.create_index(op.f("message_by_territory_id"), "message", ["territory_id"], unique=False)
    op.create_index(
        "message_due",
        "message",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )

    op.create_table(
        "published_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=True),
        sa.Column("kind", _enum("published_feed_kind", "bookings", "open_slots"), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("etag", sa.String(64), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'bookings') = (practitioner_id IS NOT NULL)", name="published_feed_practitioner"
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("published_feed_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("published_feed_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("published_feed_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("published_feed_token_hash_key")),
    )
    op.create_index(
        op.f("published_feed_by_practitioner_id"), "published_feed", ["practitioner_id"], unique=False
    )
    op.create_index(op.f("published_feed_by_territory_id"), "published_feed", ["territory_id"], unique=False)

    op.create_table(
        "feed_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("feed_alert_feed_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_alert_pkey")),
    )
    op.create_index(op.f("feed_alert_by_feed_id"), "feed_alert", ["feed_id"], unique=False)
    op.create_index(
        "feed_alert_one_open",
        "feed_alert",
        ["feed_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "care_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("insee", sa.String(5), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("modalities", sa.JSON(), nullable=False),
        sa.Column("usual_practitioner_id", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state", _enum("care_request_state", "waiting", "booked", "cancelled", "missed"), nullable=False
        ),
        sa.Column("promised", sa.Boolean(), nullable=False),
        sa.Column("planned_slot_id", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("next_action_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'booked') = (booking_id IS NOT NULL)", name="care_request_booked"),
        sa.CheckConstraint("planned_slot_id IS NULL OR state = 'waiting'", name="care_request_planned"),
        sa.CheckConstraint("deadline_at > received_at", name="care_request_deadline"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="care_request_latitude"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="care_request_longitude"),
        sa.CheckConstraint("urgency BETWEEN 1 AND 3", name="care_request_urgency"),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("care_request_booking_id_fkey")),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("care_request_owner_id_fkey")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("care_request_patient_id_fkey")),
        sa.ForeignKeyConstraint(
            ["planned_slot_id"], ["slot.id"], name=op.f("care_request_planned_slot_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("care_request_territory_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["usual_practitioner_id"],
            ["practitioner.id"],
            name=op.f("care_request_usual_practitioner_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("care_request_pkey")),
        sa.UniqueConstraint("booking_id", name=op.f("care_request_booking_id_key")),
    )
    op.create_index(
        op.f("care_request_by_planned_slot_id"), "care_request", ["planned_slot_id"], unique=False
    )
    op.create_index(
        "care_request_worklist", "care_request", ["territory_id", "state", "deadline_at"], unique=False
    )

    op.create_table(
        "care_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column(
            "from_state", _enum("care_event_from", "waiting", "booked", "cancelled", "missed"), nullable=True
        ),
        sa.Column(
            "to_state", _enum("care_event_to", "waiting", "booked", "cancelled", "missed"), nullable=False
        ),
        sa.Column("slot_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["care_request.id"], name=op.f("care_event_request_id_fkey")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("care_event_slot_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("care_event_pkey")),
    )
    op.create_index(op.f("care_event_by_request_id"), "care_event", ["request_id"], unique=False)

    op.create_table(
        "care_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _enum("care_offer_state", "open", "accepted", "declined", "expired", "lost"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="care_offer_answered"),
        sa.ForeignKeyConstraint(["request_id"], ["care_request.id"], name=op.f("care_offer_request_id_fkey")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("care_offer_slot_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("care_offer_pkey")),
    )
    op.create_index(op.f("care_offer_by_request_id"), "care_offer", ["request_id"], unique=False)
    op.create_index(
        "care_offer_one_open",
        "care_offer",
        ["slot_id", "request_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    for statement in _sqlite_append_only() if _is_sqlite() else _postgresql_append_only():
        op.execute(statement)


def downgrade() -> None:
    if not _is_sqlite():
        op.execute("DROP TRIGGER care_event_append_only ON care_event")
    for table in (
        "care_offer",
        "care_event",
        "care_request",
        "feed_alert",
        "published_feed",
        "message",
        "fill_round",
        "care_rules",
    ):
        op.drop_table(table)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _sqlite_append_only() -> list[str]:
    refuse = "BEGIN SELECT RAISE(ABORT, 'care_event_append_only'); END"
    return [
        f"CREATE TRIGGER care_event_no_update BEFORE UPDATE ON care_event WHEN 1 {refuse}",
        f"CREATE TRIGGER care_event_no_delete BEFORE DELETE ON care_event WHEN 1 {refuse}",
        # INSERT OR REPLACE deletes the old row without firing delete triggers
        "CREATE TRIGGER care_event_no_replace BEFORE INSERT ON care_event"
        f" WHEN EXISTS (SELECT 1 FROM care_event WHERE id = NEW.id) {refuse}",
    ]


def _postgresql_append_only() -> list[str]:
    return [
        "CREATE TRIGGER care_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON care_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION relais_append_only()"
    ]


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)
