"""People who may be the same are found by birth date and telephone, not by reading every open file."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = ("birth_date", "phone")


def upgrade() -> None:
    for column in _COLUMNS:
        op.create_index(f"patient_by_{column}", "patient", [column])


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_index(f"patient_by_{column}", table_name="patient")
