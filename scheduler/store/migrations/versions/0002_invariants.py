"""The invariants that the tables cannot say, held by triggers and one exclusion constraint.

Each refusal carries the same name on both engines (see scheduler.store.violations).
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TAKEN = "('held', 'booked', 'honoured', 'no_show')"
_APPEND_ONLY = ("audit_entry", "referral_event", "booking_event")


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite_drops() if sqlite else _postgresql_drops():
        op.execute(statement)


# ---------------------------------------------------------------------------------------------- SQLite
# Sound without locks because there is one writer.

# The unary plus keeps the planner off the index of states: it must look at one practitioner's slots only.
_OVERLAP = """EXISTS (
    SELECT 1 FROM slot AS other
    WHERE other.practitioner_id = NEW.practitioner_id AND +other.state = 'open'
      AND other.start_at < NEW.end_at AND other.end_at > NEW.start_at{not_itself})"""

_SQLITE_RULES = {
    # name of the trigger: (moment, condition, name of the refusal)
    "slot_overlap_insert": (
        "BEFORE INSERT ON slot",
        "NEW.state = 'open' AND " + _OVERLAP.format(not_itself=""),
        "slot_overlap",
    ),
    "slot_overlap_update": (
        "BEFORE UPDATE OF id, practitioner_id, start_at, end_at, state ON slot",
        "NEW.state = 'open' AND " + _OVERLAP.format(not_itself=" AND other.id <> OLD.id"),
        "slot_overlap",
    ),
    "slot_capacity_taken": (
        "BEFORE UPDATE OF capacity ON slot",
        "NEW.capacity < OLD.capacity AND EXISTS (SELECT 1 FROM booking"
        f" WHERE slot_id = OLD.id AND place > NEW.capacity AND state IN {_TAKEN})",
        "slot_capacity_taken",
    ),
    "booking_within_capacity_insert": (
        "BEFORE INSERT ON booking",
        f"NEW.state IN {_TAKEN} AND NEW.place > (SELECT capacity FROM slot WHERE id = NEW.slot_id)",
        "booking_within_capacity",
    ),
    "booking_within_capacity_update": (
        "BEFORE UPDATE OF slot_id, place, state ON booking",
        f"NEW.state IN {_TAKEN} AND NEW.place > (SELECT capacity FROM slot WHERE id = NEW.slot_id)",
        "booking_within_capacity",
    ),
    "booking_slot_open_insert": (
        "BEFORE INSERT ON booking",
        f"NEW.state IN {_TAKEN} AND (SELECT state FROM slot WHERE id = NEW.slot_id) <> 'open'",
        "booking_slot_open",
    ),
    "booking_slot_open_update": (
        "BEFORE UPDATE OF slot_id, state ON booking",
        f"NEW.state IN {_TAKEN} AND (OLD.state NOT IN {_TAKEN} OR NEW.slot_id <> OLD.slot_id)"
        " AND (SELECT state FROM slot WHERE id = NEW.slot_id) <> 'open'",
        "booking_slot_open",
    ),
    "offer_within_places_insert": (
        "BEFORE INSERT ON offer",
        "NEW.state = 'accepted' AND (SELECT places FROM intake WHERE id = NEW.intake_id)"
        " <= (SELECT count(*) FROM offer WHERE intake_id = NEW.intake_id AND state = 'accepted')",
        "offer_within_places",
    ),
    "offer_within_places_update": (
        "BEFORE UPDATE OF id, intake_id, state ON offer",
        "NEW.state = 'accepted' AND (SELECT places FROM intake WHERE id = NEW.intake_id)"
        " <= (SELECT count(*) FROM offer"
        " WHERE intake_id = NEW.intake_id AND state = 'accepted' AND id <> OLD.id)",
        "offer_within_places",
    ),
    "intake_places_accepted": (
        "BEFORE UPDATE OF places ON intake",
        "NEW.places < OLD.places AND NEW.places"
        " < (SELECT count(*) FROM offer WHERE intake_id = OLD.id AND state = 'accepted')",
        "intake_places_accepted",
    ),
}


def _sqlite() -> list[str]:
    rules = dict(_SQLITE_RULES)
    for table in _APPEND_ONLY:
        rules[f"{table}_no_update"] = (f"BEFORE UPDATE ON {table}", "1", f"{table}_append_only")
        rules[f"{table}_no_delete"] = (f"BEFORE DELETE ON {table}", "1", f"{table}_append_only")
        # INSERT OR REPLACE deletes the old row without firing delete triggers
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"
        if table == "audit_entry":
            taken += f" OR EXISTS (SELECT 1 FROM {table} WHERE hash = NEW.hash OR prev_hash = NEW.prev_hash)"
        rules[f"{table}_no_replace"] = (f"BEFORE INSERT ON {table}", taken, f"{table}_append_only")
    return [
        f"CREATE TRIGGER {name} {moment} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        for name, (moment, condition, refusal) in rules.items()
    ]


def _sqlite_drops() -> list[str]:
    kinds = ("no_update", "no_delete", "no_replace")
    append_only = [f"{table}_{kind}" for table in _APPEND_ONLY for kind in kinds]
    return [f"DROP TRIGGER {name}" for name in (*_SQLITE_RULES, *append_only)]


# ------------------------------------------------------------------------------------------ PostgreSQL
# Each trigger function locks the row that carries the limit before it looks, so that two transactions
# cannot both find room; under READ COMMITTED the look then sees what the other has committed.

_REFUSE = "RAISE EXCEPTION '{0}' USING ERRCODE = '23514', CONSTRAINT = '{0}'"

_FUNCTIONS = {
    # The exclusion constraint alone is enough to be right; the lock keeps two calendars of one
    # practitioner, read at once, from waiting for each other's slots.
    "relais_slot_open": """
BEGIN
    PERFORM 1 FROM practitioner WHERE id = NEW.practitioner_id FOR NO KEY UPDATE;
    RETURN NEW;
END""",
    "relais_append_only": """
DECLARE refusal text := TG_TABLE_NAME || '_append_only';
BEGIN
    RAISE EXCEPTION '%', refusal USING ERRCODE = '23514', CONSTRAINT = refusal;
END""",
    "relais_booking_place": f"""
DECLARE held_slot record;
BEGIN
    IF NEW.state NOT IN {_TAKEN} THEN RETURN NEW; END IF;
    SELECT capacity, state INTO held_slot FROM slot WHERE id = NEW.slot_id FOR NO KEY UPDATE;
    IF NEW.place > held_slot.capacity THEN {_REFUSE.format("booking_within_capacity")}; END IF;
    IF TG_OP = 'UPDATE' AND OLD.state IN {_TAKEN} AND NEW.slot_id = OLD.slot_id THEN RETURN NEW; END IF;
    IF held_slot.state <> 'open' THEN {_REFUSE.format("booking_slot_open")}; END IF;
    RETURN NEW;
END""",
    "relais_slot_capacity": f"""
BEGIN
    IF EXISTS (SELECT 1 FROM booking
               WHERE slot_id = OLD.id AND place > NEW.capacity AND state IN {_TAKEN})
    THEN {_REFUSE.format("slot_capacity_taken")}; END IF;
    RETURN NEW;
END""",
    "relais_offer_places": f"""
DECLARE limit_places integer;
BEGIN
    SELECT places INTO limit_places FROM intake WHERE id = NEW.intake_id FOR NO KEY UPDATE;
    IF limit_places <= (SELECT count(*) FROM offer
                        WHERE intake_id = NEW.intake_id AND state = 'accepted' AND id <> NEW.id)
    THEN {_REFUSE.format("offer_within_places")}; END IF;
    RETURN NEW;
END""",
    "relais_intake_places": f"""
BEGIN
    IF NEW.places < (SELECT count(*) FROM offer WHERE intake_id = OLD.id AND state = 'accepted')
    THEN {_REFUSE.format("intake_places_accepted")}; END IF;
    RETURN NEW;
END""",
}

_TRIGGERS = {
    "slot_open": (
        "slot",
        "BEFORE INSERT OR UPDATE OF practitioner_id, start_at, end_at, state ON slot FOR EACH ROW"
        " WHEN (NEW.state = 'open')",
        "relais_slot_open",
    ),
    "booking_place": (
        "booking",
        "BEFORE INSERT OR UPDATE OF slot_id, place, state ON booking FOR EACH ROW",
        "relais_booking_place",
    ),
    "slot_capacity_taken": (
        "slot",
        "BEFORE UPDATE OF capacity ON slot FOR EACH ROW WHEN (NEW.capacity < OLD.capacity)",
        "relais_slot_capacity",
    ),
    "offer_within_places": (
        "offer",
        "BEFORE INSERT OR UPDATE OF id, intake_id, state ON offer FOR EACH ROW"
        " WHEN (NEW.state = 'accepted')",
        "relais_offer_places",
    ),
    "intake_places_accepted": (
        "intake",
        "BEFORE UPDATE OF places ON intake FOR EACH ROW WHEN (NEW.places < OLD.places)",
        "relais_intake_places",
    ),
}


def _postgresql() -> list[str]:
    functions = [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body${body}$body$"
        for name, body in _FUNCTIONS.items()
    ]
    triggers = [
        f"CREATE TRIGGER {name} {moment} EXECUTE FUNCTION {function}()"
        for name, (_, moment, function) in _TRIGGERS.items()
    ]
    append_only = [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION relais_append_only()"
        for table in _APPEND_ONLY
    ]
    # A range of one number stands for "the same practitioner": plain GiST has no operator class for
    # integers, and the btree_gist extension is not everywhere.
    overlap = (
        "ALTER TABLE slot ADD CONSTRAINT slot_overlap EXCLUDE USING gist"
        " (int8range(practitioner_id, practitioner_id, '[]') WITH &&, tstzrange(start_at, end_at) WITH &&)"
        " WHERE (state = 'open')"
    )
    return [overlap, *functions, *triggers, *append_only]


def _postgresql_drops() -> list[str]:
    return [
        "ALTER TABLE slot DROP CONSTRAINT slot_overlap",
        *(f"DROP TRIGGER {table}_append_only ON {table}" for table in _APPEND_ONLY),
        *(f"DROP TRIGGER {name} ON {table}" for name, (table, _, _) in _TRIGGERS.items()),
        *(f"DROP FUNCTION {name}()" for name in _FUNCTIONS),
    ]
