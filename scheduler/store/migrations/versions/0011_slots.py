"""What the agenda's pages and limits need."""

from collections.abc import Mapping

import sqlalchemy as sa

from scheduler.store.migrations.rebuilding import Change, apply, undo

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AGES = "age_min IS NULL OR age_max IS NULL OR age_min <= age_max"


def _changes() -> list[tuple[Change, Mapping[str, str]]]:
    """Give each change with the constraints it replaces, as they were: none."""
    return [
        (
            Change(
                table="agenda_rules",
                columns=[
                    sa.Column("age_min", sa.Integer(), nullable=True),
                    sa.Column("age_max", sa.Integer(), nullable=True),
                ],
                checks={"agenda_rules_ages": _AGES},
            ),
            {},
        ),
        (
            Change(
                table="api_token",
                columns=[sa.Column("account_id", sa.Uuid(), nullable=True)],
                references={"api_token_account_id_fkey": ("account_id", "account", "id")},
            ),
            {},
        ),
        (
            Change(
                table="care_request",
                columns=[sa.Column("age", sa.Integer(), nullable=True)],
                checks={"care_request_age": "age BETWEEN 0 AND 130"},
            ),
            {},
        ),
    ]


def upgrade() -> None:
    """Let GPs say which ages they see, requests say an age, and a program act for a person."""
    for change, _ in _changes():
        apply(change)


def downgrade() -> None:
    """Forget all three."""
    for change, before in reversed(_changes()):
        undo(change, checks=before)
