"""Holds and moves of bookings, conflicts for a person to settle, slots opened by hand, leave."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BEFORE = "'held', 'booked', 'honoured', 'no_show', 'cancelled', 'expired'"
_STATES = f"{_BEFORE}, 'moved'"
_TAKEN = "('held', 'booked', 'honoured', 'no_show')"

_STEPS = (
    "held booked", "held cancelled", "held expired",
    "booked cancelled", "booked moved", "booked honoured", "booked no_show",
    "honoured no_show", "no_show honoured",
)
# a word that is no state at all is left to the CHECK
_KNOWN_STEP = (
    f"NEW.state NOT IN ({_STATES})"
    f" OR OLD.state || ' ' || NEW.state IN ({', '.join(repr(step) for step in _STEPS)})"
)


def _changes() -> list[Change]:
    return [
        Change(
            table="slot",
            columns=[
                sa.Column("extra_places", sa.Integer(), nullable=False),
                sa.Column("series_id", sa.Integer(), nullable=True),
                sa.Column("first_shown_at", sa.DateTime(timezone=True), nullable=True),
            ],
            fill={"extra_places": "0"},
            checks={"slot_extra_places": "extra_places >= 0"},
            references={"slot_series_id_fkey": ("series_id", "slot_series", "id")},
        ),
        Change(
            table="booking",
            columns=[sa.Column("moved_from", sa.Uuid(), nullable=True)],
            checks={"booking_state": f"state IN ({_STATES})"},
            references={"booking_moved_from_fkey": ("moved_from", "booking", "id")},
        ),
        Change(
            table="booking_event",
            checks={
                "booking_event_from": f"from_state IN ({_STATES})",
                "booking_event_to": f"to_state IN ({_STATES})",
            },
        ),
    ]


def upgrade() -> None:
    _create_tables()
    for change in _changes():
        apply(change)
    op.create_index("slot_series_key", "slot", ["series_id", "key"], unique=True)
    op.create_index("booking_moved_from", "booking", ["moved_from"], unique=True)
    held = sa.text("state = 'held'")
    op.create_index("booking_held", "booking", ["held_until"], sqlite_where=held, postgresql_where=held)
    _replace_rules("capacity + extra_places")
    for statement in _sqlite_steps() if _is_sqlite() else _postgresql_steps():
        op.execute(statement)


def downgrade() -> None:
    for statement in _sqlite_steps_gone() if _is_sqlite() else _postgresql_steps_gone():
        op.execute(statement)
    op.execute("UPDATE booking SET state = 'cancelled' WHERE state = 'moved'")
    _forget_moves_in_history()
    # a place en sus becomes an ordinary one: nobody who was promised a place loses it
    _drop_rules()
    op.execute("UPDATE slot SET capacity = capacity + extra_places WHERE extra_places > 0")
    op.drop_index("booking_held", table_name="booking")
    op.drop_index("booking_moved_from", table_name="booking")
    op.drop_index("slot_series_key", table_name="slot")
    before = {
        "booking": {"booking_state": f"state IN ({_BEFORE})"},
        "booking_event": {
            "booking_event_from": f"from_state IN ({_BEFORE})",
            "booking_event_to": f"to_state IN ({_BEFORE})",
        },
    }
    for change in reversed(_changes()):
        undo(change, checks=before.get(change.table, {}))
    _create_rules("capacity", "capacity")
    for table in ("leave", "slot_series_skip", "slot_series", "agenda_rules", "slot_conflict"):
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "slot_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("slot_conflict_kind", "deleted", "moved", "busy", "overlap"), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("next_action_on", sa.Date(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "resolution",
            _enum("slot_conflict_resolution", "kept", "moved", "cancelled", "agreed", "lapsed"),
            nullable=True,
        ),
        sa.Column("resolved_by", sa.String(80), nullable=True),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by IS NULL)",
            name="slot_conflict_resolved",
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("slot_conflict_owner_id_fkey")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("slot_conflict_slot_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("slot_conflict_pkey")),
    )
    op.create_index(op.f("slot_conflict_by_slot_id"), "slot_conflict", ["slot_id"], unique=False)
    is_open = sa.text("resolved_at IS NULL")
    op.create_index(
        "slot_conflict_one_open",
        "slot_conflict",
        ["slot_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "agenda_rules",
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("cancel_hours", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cancel_hours >= 0", name="agenda_rules_cancel_hours"),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("agenda_rules_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("practitioner_id", name=op.f("agenda_rules_pkey")),
    )
    op.create_table(
        "slot_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("on_holidays", sa.Boolean(), nullable=False),
        sa.Column("modality", _enum("slot_series_modality", "AMB", "HH", "VR"), nullable=False),
        sa.Column(
            "visibility", _enum("slot_series_visibility", "PUBLIC", "PRO", "SNP", "CPTS"), nullable=False
        ),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("capacity >= 1", name="slot_series_capacity"),
        sa.CheckConstraint("end_minute > start_minute", name="slot_series_order"),
        sa.CheckConstraint("last_on IS NULL OR last_on >= first_on", name="slot_series_days"),
        sa.CheckConstraint("slot_minutes > 0", name="slot_series_minutes"),
        sa.CheckConstraint("start_minute >= 0 AND end_minute <= 1440", name="slot_series_day"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("slot_series_created_by_fkey")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("slot_series_practice_id_fkey")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("slot_series_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("slot_series_pkey")),
    )
    op.create_index(op.f("slot_series_by_practitioner_id"), "slot_series", ["practitioner_id"], unique=False)
    op.create_table(
        "slot_series_skip",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("skipped_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["slot_series.id"], name=op.f("slot_series_skip_series_id_fkey")
        ),
        sa.PrimaryKeyConstraint("series_id", "skipped_on", name=op.f("slot_series_skip_pkey")),
    )
    op.create_table(
        "leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("last_on >= first_on", name="leave_order"),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("leave_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("leave_pkey")),
    )
    op.create_index(op.f("leave_by_practitioner_id"), "leave", ["practitioner_id"], unique=False)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


# ------------------------------------------------------------- the rules that count places, with those en sus


def _replace_rules(places: str) -> None:
    _drop_rules()
    _create_rules(places, "capacity, extra_places")


def _drop_rules() -> None:
    if _is_sqlite():
        for name in ("slot_capacity_taken", "booking_within_capacity_insert", "booking_within_capacity_update"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER slot_capacity_taken ON slot")


def _create_rules(places: str, columns: str) -> None:
    for statement in _sqlite_rules(places, columns) if _is_sqlite() else _postgresql_rules(places, columns):
        op.execute(statement)


def _of(row: str, places: str) -> str:
    return " + ".join(f"{row}.{column}" for column in places.split(" + "))


def _sqlite_rules(places: str, columns: str) -> list[str]:
    beyond = (
        f"NEW.state IN {_TAKEN} AND NEW.place > (SELECT {places} FROM slot WHERE id = NEW.slot_id)"
    )
    return [
        f"CREATE TRIGGER slot_capacity_taken BEFORE UPDATE OF {columns} ON slot"
        f" WHEN {_of('NEW', places)} < {_of('OLD', places)} AND EXISTS (SELECT 1 FROM booking"
        f" WHERE slot_id = OLD.id AND place > {_of('NEW', places)} AND state IN {_TAKEN})"
        " BEGIN SELECT RAISE(ABORT, 'slot_capacity_taken'); END",
        *(
            f"CREATE TRIGGER booking_within_capacity_{name} BEFORE {moment} ON booking WHEN {beyond}"
            " BEGIN SELECT RAISE(ABORT, 'booking_within_capacity'); END"
            for name, moment in (("insert", "INSERT"), ("update", "UPDATE OF slot_id, place, state"))
        ),
    ]


def _postgresql_rules(places: str, columns: str) -> list[str]:
    return [
        "CREATE OR REPLACE FUNCTION relais_booking_place() RETURNS trigger LANGUAGE plpgsql AS $body$"
        f"""
DECLARE held_slot record;
BEGIN
    IF NEW.state NOT IN {_TAKEN} THEN RETURN NEW; END IF;
    SELECT {places} AS places, state INTO held_slot FROM slot WHERE id = NEW.slot_id FOR NO KEY UPDATE;
    IF NEW.place > held_slot.places THEN {_refuse("booking_within_capacity")}; END IF;
    IF TG_OP = 'UPDATE' AND OLD.state IN {_TAKEN} AND NEW.slot_id = OLD.slot_id THEN RETURN NEW; END IF;
    IF held_slot.state <> 'open' THEN {_refuse("booking_slot_open")}; END IF;
    RETURN NEW;
END$body$""",
        "CREATE OR REPLACE FUNCTION relais_slot_capacity() RETURNS trigger LANGUAGE plpgsql AS $body$"
        f"""
BEGIN
    IF EXISTS (SELECT 1 FROM booking
               WHERE slot_id = OLD.id AND place > {_of("NEW", places)} AND state IN {_TAKEN})
    THEN {_refuse("slot_capacity_taken")}; END IF;
    RETURN NEW;
END$body$""",
        f"CREATE TRIGGER slot_capacity_taken BEFORE UPDATE OF {columns} ON slot FOR EACH ROW"
        f" WHEN ({_of('NEW', places)} < {_of('OLD', places)}) EXECUTE FUNCTION relais_slot_capacity()",
    ]


# --------------------------------------------------------------------------- the steps a booking may take


def _sqlite_steps() -> list[str]:
    return [
        "CREATE TRIGGER booking_step BEFORE UPDATE OF state ON booking"
        f" WHEN NEW.state <> OLD.state AND NOT ({_KNOWN_STEP})"
        " BEGIN SELECT RAISE(ABORT, 'booking_step'); END",
        "CREATE TRIGGER booking_hold_over BEFORE UPDATE OF state ON booking"
        " WHEN OLD.state = 'held' AND NEW.state = 'booked' AND NEW.updated_at >= OLD.held_until"
        " BEGIN SELECT RAISE(ABORT, 'booking_hold_over'); END",
    ]


def _sqlite_steps_gone() -> list[str]:
    return ["DROP TRIGGER booking_step", "DROP TRIGGER booking_hold_over"]


def _postgresql_steps() -> list[str]:
    return [
        "CREATE FUNCTION relais_booking_step() RETURNS trigger LANGUAGE plpgsql AS $body$"
        f"""
BEGIN
    IF NOT ({_KNOWN_STEP}) THEN {_refuse("booking_step")}; END IF;
    IF OLD.state = 'held' AND NEW.state = 'booked' AND NEW.updated_at >= OLD.held_until
    THEN {_refuse("booking_hold_over")}; END IF;
    RETURN NEW;
END$body$""",
        "CREATE TRIGGER booking_step BEFORE UPDATE OF state ON booking FOR EACH ROW"
        " WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION relais_booking_step()",
    ]


def _postgresql_steps_gone() -> list[str]:
    return ["DROP TRIGGER booking_step ON booking", "DROP FUNCTION relais_booking_step()"]


def _forget_moves_in_history() -> None:
    """Write "cancelled" where the form before knows no better word; the history is closed again at once."""
    renamed = (
        "UPDATE booking_event SET to_state = 'cancelled' WHERE to_state = 'moved'",
        "UPDATE booking_event SET from_state = 'cancelled' WHERE from_state = 'moved'",
    )
    if _is_sqlite():
        trigger = op.get_bind().exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'booking_event_no_update'"
        ).scalar_one()
        around = ("DROP TRIGGER booking_event_no_update", *renamed, trigger)
    else:
        guard = "ALTER TABLE booking_event {} TRIGGER booking_event_append_only"
        around = (guard.format("DISABLE"), *renamed, guard.format("ENABLE"))
    for statement in around:
        op.execute(statement)


def _refuse(name: str) -> str:
    return f"RAISE EXCEPTION '{name}' USING ERRCODE = '23514', CONSTRAINT = '{name}'"


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)
