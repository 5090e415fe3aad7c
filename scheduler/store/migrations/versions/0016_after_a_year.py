"""What a year of work made slow to find: places taken, the last run, files whose day has come or not told.

``offer_within_places_update`` counts what it can read in an index: before, each acceptance read all those of
the GP.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TRIGGER = """
CREATE TRIGGER offer_within_places_update BEFORE UPDATE OF id, intake_id, state ON offer
WHEN NEW.state = 'accepted' AND (SELECT places FROM intake WHERE id = NEW.intake_id) <= (
    SELECT count(*) FROM offer WHERE intake_id = NEW.intake_id AND state = 'accepted'{others})
BEGIN SELECT RAISE(ABORT, 'offer_within_places'); END"""
_NOT_ITSELF = ") - (OLD.intake_id = NEW.intake_id AND OLD.state = 'accepted'"


def upgrade() -> None:
    op.create_index("offer_by_intake", "offer", ["intake_id", "state"])
    op.drop_index("offer_by_intake_id", table_name="offer")
    op.create_index("matching_run_by_start", "matching_run", ["territory_id", "pathway", "started_at"])
    op.drop_index("matching_run_by_territory_id", table_name="matching_run")
    op.create_index("referral_by_next_action", "referral", ["territory_id", "state", "next_action_on"])
    op.create_index(
        "referral_untold",
        "referral",
        ["territory_id", "state"],
        sqlite_where=sa.text("returned_state IS NOT CAST(state AS VARCHAR)"),
        postgresql_where=sa.text("returned_state IS DISTINCT FROM CAST(state AS VARCHAR)"),
    )
    _count(_NOT_ITSELF)


def downgrade() -> None:
    _count(" AND id <> OLD.id")
    op.drop_index("referral_untold", table_name="referral")
    op.drop_index("referral_by_next_action", table_name="referral")
    op.create_index("matching_run_by_territory_id", "matching_run", ["territory_id"])
    op.drop_index("matching_run_by_start", table_name="matching_run")
    op.create_index("offer_by_intake_id", "offer", ["intake_id"])
    op.drop_index("offer_by_intake", table_name="offer")


def _count(others: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER offer_within_places_update")
        op.execute(_TRIGGER.format(others=others))
