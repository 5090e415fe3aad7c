"""All tables of the first form."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(1), nullable=False),
        sa.Column("object_kind", sa.String(40), nullable=False),
        sa.Column("object_id", sa.String(40), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(60), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=True),
        sa.Column("prev_hash", sa.String(64), nullable=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("action IN ('C', 'R', 'U', 'D', 'E')", name="audit_entry_action"),
        sa.CheckConstraint("(prev_hash IS NULL) = (id = 1)", name="audit_entry_one_first"),
        sa.ForeignKeyConstraint(["prev_hash"], ["audit_entry.hash"], name=op.f("audit_entry_prev_hash_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_entry_pkey")),
        sa.UniqueConstraint("hash", name="audit_entry_hash"),
        sa.UniqueConstraint("prev_hash", name="audit_entry_prev_hash"),
    )
    op.create_index(op.f("audit_entry_by_at"), "audit_entry", ["at"], unique=False)
    op.create_index(op.f("audit_entry_by_patient_id"), "audit_entry", ["patient_id"], unique=False)
    op.create_table(
        "idempotency_record",
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("route", sa.String(200), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("idempotency_record_pkey")),
    )
    op.create_index(
        op.f("idempotency_record_by_created_at"), "idempotency_record", ["created_at"], unique=False
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_name", sa.String(100), nullable=False),
        sa.Column("given_name", sa.String(100), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column(
            "gender",
            sa.Enum("f", "m", name="patient_gender", native_enum=False, create_constraint=True, length=24),
            nullable=True,
        ),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("insee", sa.String(5), nullable=False),
        sa.Column("fictitious", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("patient_pkey")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email_hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("sign_in_failure_pkey")),
    )
    op.create_index(op.f("sign_in_failure_by_email_hash"), "sign_in_failure", ["email_hash"], unique=False)
    op.create_table(
        "territory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("territory_pkey")),
        sa.UniqueConstraint("slug", name=op.f("territory_slug_key")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "signaller",
                "gp",
                "secretary",
                "coordinator",
                "regulator",
                "bureau",
                "admin",
                name="api_token_role",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("api_token_territory_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("api_token_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("api_token_token_hash_key")),
    )
    op.create_table(
        "household",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("always_together", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("household_territory_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("household_pkey")),
    )
    op.create_index(op.f("household_by_territory_id"), "household", ["territory_id"], unique=False)
    op.create_table(
        "practitioner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("rpps", sa.String(11), nullable=False),
        sa.Column("family_name", sa.String(100), nullable=False),
        sa.Column("given_name", sa.String(100), nullable=False),
        sa.Column(
            "gender",
            sa.Enum(
                "f", "m", name="practitioner_gender", native_enum=False, create_constraint=True, length=24
            ),
            nullable=True,
        ),
        sa.Column("profession", sa.String(30), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("fictitious", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("practitioner_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("practitioner_pkey")),
        sa.UniqueConstraint("rpps", name=op.f("practitioner_rpps_key")),
    )
    op.create_index(op.f("practitioner_by_territory_id"), "practitioner", ["territory_id"], unique=False)
    op.create_table(
        "structure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("finess", sa.String(9), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("insee", sa.String(5), nullable=False),
        sa.Column("fictitious", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("structure_territory_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("structure_pkey")),
        sa.UniqueConstraint("finess", name=op.f("structure_finess_key")),
    )
    op.create_index(op.f("structure_by_territory_id"), "structure", ["territory_id"], unique=False)
    op.create_table(
        "territory_commune",
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("insee", sa.String(5), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("territory_commune_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("territory_id", "insee", name=op.f("territory_commune_pkey")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name="account_email_lower"),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("account_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        sa.UniqueConstraint("email", name=op.f("account_email_key")),
    )
    op.create_table(
        "practice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("structure_id", sa.Integer(), nullable=True),
        sa.Column("insee", sa.String(5), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("wheelchair_access", sa.Boolean(), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="practice_latitude"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="practice_longitude"),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("practice_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(["structure_id"], ["structure.id"], name=op.f("practice_structure_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("practice_pkey")),
    )
    op.create_index(op.f("practice_by_practitioner_id"), "practice", ["practitioner_id"], unique=False)
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", sa.String(2048), nullable=True),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=True),
        sa.Column(
            "modality",
            sa.Enum(
                "AMB", "HH", "VR", name="feed_modality", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column(
            "visibility",
            sa.Enum(
                "PUBLIC",
                "PRO",
                "SNP",
                "CPTS",
                name="feed_visibility",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "preview",
                "active",
                "suspended",
                name="feed_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("etag", sa.String(300), nullable=True),
        sa.Column("last_modified", sa.String(100), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("num_failures", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slot_minutes IS NULL OR slot_minutes > 0", name="feed_slot_minutes"),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("feed_practice_id_fkey")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("feed_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_pkey")),
    )
    op.create_index(op.f("feed_by_due_at"), "feed", ["due_at"], unique=False)
    op.create_index(op.f("feed_by_practitioner_id"), "feed", ["practitioner_id"], unique=False)
    op.create_table(
        "intake",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("max_tier1", sa.Integer(), nullable=True),
        sa.Column("age_min", sa.Integer(), nullable=True),
        sa.Column("age_max", sa.Integer(), nullable=True),
        sa.Column("home_visits", sa.Boolean(), nullable=False),
        sa.Column("max_km", sa.Float(), nullable=True),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("leaving_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "age_max IS NULL OR age_min IS NULL OR age_max >= age_min", name="intake_age_range"
        ),
        sa.CheckConstraint("age_min IS NULL OR age_min >= 0", name="intake_age_min"),
        sa.CheckConstraint("max_km IS NULL OR max_km > 0", name="intake_max_km"),
        sa.CheckConstraint("max_tier1 IS NULL OR max_tier1 >= 0", name="intake_max_tier1"),
        sa.CheckConstraint("places >= 0", name="intake_places"),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("intake_practice_id_fkey")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("intake_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("intake_pkey")),
    )
    op.create_index(op.f("intake_by_practitioner_id"), "intake", ["practitioner_id"], unique=False)
    op.create_index(
        "intake_one_open",
        "intake",
        ["practitioner_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "matching_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "done",
                "failed",
                name="matching_run_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("policy_version", sa.String(40), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(20), nullable=True),
        sa.Column("objective", sa.String(40), nullable=True),
        sa.Column("bound", sa.String(40), nullable=True),
        sa.Column("num_patients", sa.Integer(), nullable=False),
        sa.Column("num_placed", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("failure", sa.String(200), nullable=True),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["account.id"], name=op.f("matching_run_requested_by_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("matching_run_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("matching_run_pkey")),
    )
    op.create_index(op.f("matching_run_by_territory_id"), "matching_run", ["territory_id"], unique=False)
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("pathway", sa.String(40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "qualified",
                "waiting",
                "proposed",
                "offered",
                "accepted",
                "seen",
                "declared",
                "suspended",
                "closed",
                name="referral_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "close_reason",
            sa.Enum(
                "found_alone",
                "moved",
                "died",
                "consent_withdrawn",
                "duplicate",
                name="referral_close_reason_word",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("ald", sa.Boolean(), nullable=True),
        sa.Column("treatment_running_out", sa.Boolean(), nullable=True),
        sa.Column("recent_discharge", sa.Boolean(), nullable=True),
        sa.Column("pregnancy", sa.Boolean(), nullable=True),
        sa.Column("home_bound", sa.Boolean(), nullable=True),
        sa.Column("palliative", sa.Boolean(), nullable=True),
        sa.Column("disability", sa.Boolean(), nullable=True),
        sa.Column("c2s", sa.Boolean(), nullable=True),
        sa.Column("ame", sa.Boolean(), nullable=True),
        sa.Column("wheelchair", sa.Boolean(), nullable=True),
        sa.Column("chronic_needs", sa.Integer(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column(
            "prefers_gender",
            sa.Enum(
                "f", "m", name="referral_prefers_gender", native_enum=False, create_constraint=True, length=24
            ),
            nullable=True,
        ),
        sa.Column("known_practitioner_id", sa.Integer(), nullable=True),
        sa.Column("max_km", sa.Float(), nullable=True),
        sa.Column("waiting_since", sa.Date(), nullable=False),
        sa.Column("signalled_by", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("next_action_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (close_reason IS NOT NULL)", name="referral_close_reason"),
        sa.CheckConstraint("chronic_needs IS NULL OR chronic_needs >= 0", name="referral_chronic_needs"),
        sa.CheckConstraint("max_km IS NULL OR max_km > 0", name="referral_max_km"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("referral_household_id_fkey")),
        sa.ForeignKeyConstraint(
            ["known_practitioner_id"], ["practitioner.id"], name=op.f("referral_known_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("referral_owner_id_fkey")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("referral_patient_id_fkey")),
        sa.ForeignKeyConstraint(["signalled_by"], ["account.id"], name=op.f("referral_signalled_by_fkey")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("referral_territory_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("referral_pkey")),
    )
    op.create_index(op.f("referral_by_household_id"), "referral", ["household_id"], unique=False)
    op.create_index(op.f("referral_by_signalled_by"), "referral", ["signalled_by"], unique=False)
    op.create_index("referral_by_state", "referral", ["territory_id", "state", "waiting_since"], unique=False)
    op.create_index(
        "referral_one_open",
        "referral",
        ["patient_id", "pathway"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('declared', 'closed')"),
        postgresql_where=sa.text("state NOT IN ('declared', 'closed')"),
    )
    op.create_table(
        "role_grant",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "signaller",
                "gp",
                "secretary",
                "coordinator",
                "regulator",
                "bureau",
                "admin",
                name="role_grant_role",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("role_grant_account_id_fkey")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("role_grant_territory_id_fkey")
        ),
        sa.PrimaryKeyConstraint("account_id", "territory_id", "role", name=op.f("role_grant_pkey")),
    )
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("web_session_account_id_fkey")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("web_session_pkey")),
    )
    op.create_index(op.f("web_session_by_account_id"), "web_session", ["account_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("notice_version", sa.String(20), nullable=False),
        sa.Column(
            "how",
            sa.Enum(
                "oral",
                "written",
                "representative",
                name="consent_how",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("collected_by", sa.String(200), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("consent_referral_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("consent_pkey")),
    )
    op.create_index(op.f("consent_by_referral_id"), "consent", ["referral_id"], unique=False)
    op.create_table(
        "feed_busy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("end_at > start_at", name="feed_busy_order"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("feed_busy_feed_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_busy_pkey")),
    )
    op.create_index(op.f("feed_busy_by_feed_id"), "feed_busy", ["feed_id"], unique=False)
    op.create_table(
        "feed_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("num_open", sa.Integer(), nullable=False),
        sa.Column("num_busy", sa.Integer(), nullable=False),
        sa.Column("num_ignored", sa.Integer(), nullable=False),
        sa.Column("num_refused", sa.Integer(), nullable=False),
        sa.Column("ignored", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("feed_reading_feed_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_reading_pkey")),
    )
    op.create_index(op.f("feed_reading_by_feed_id"), "feed_reading", ["feed_id"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "validated",
                "rejected",
                "superseded",
                name="proposal_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("travel_s", sa.Integer(), nullable=False),
        sa.Column("distance_m", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("proposal_decided_by_fkey")),
        sa.ForeignKeyConstraint(["intake_id"], ["intake.id"], name=op.f("proposal_intake_id_fkey")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("proposal_referral_id_fkey")),
        sa.ForeignKeyConstraint(["run_id"], ["matching_run.id"], name=op.f("proposal_run_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("proposal_pkey")),
    )
    op.create_index(op.f("proposal_by_intake_id"), "proposal", ["intake_id"], unique=False)
    op.create_index(op.f("proposal_by_referral_id"), "proposal", ["referral_id"], unique=False)
    op.create_index(op.f("proposal_by_run_id"), "proposal", ["run_id"], unique=False)
    op.create_index(
        "proposal_one_pending",
        "proposal",
        ["referral_id"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "referral_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "received",
                "qualified",
                "waiting",
                "proposed",
                "offered",
                "accepted",
                "seen",
                "declared",
                "suspended",
                "closed",
                name="referral_event_from",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "received",
                "qualified",
                "waiting",
                "proposed",
                "offered",
                "accepted",
                "seen",
                "declared",
                "suspended",
                "closed",
                name="referral_event_to",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("referral_event_referral_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("referral_event_pkey")),
    )
    op.create_index(op.f("referral_event_by_referral_id"), "referral_event", ["referral_id"], unique=False)
    op.create_table(
        "slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "feed",
                "rota",
                "hand",
                name="slot_source",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("feed_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "modality",
            sa.Enum(
                "AMB", "HH", "VR", name="slot_modality", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column(
            "visibility",
            sa.Enum(
                "PUBLIC",
                "PRO",
                "SNP",
                "CPTS",
                name="slot_visibility",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "closed",
                "withdrawn",
                name="slot_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("closed_reason", sa.String(60), nullable=True),
        sa.Column("conflict", sa.String(60), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(source = 'feed' AND feed_id IS NOT NULL AND created_by IS NULL) OR (source <> 'feed' AND feed_id IS NULL AND created_by IS NOT NULL)",
            name="slot_source_known",
        ),
        sa.CheckConstraint("capacity >= 1", name="slot_capacity"),
        sa.CheckConstraint("end_at > start_at", name="slot_order"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("slot_created_by_fkey")),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("slot_feed_id_fkey")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("slot_practice_id_fkey")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["practitioner.id"], name=op.f("slot_practitioner_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("slot_pkey")),
        sa.UniqueConstraint("feed_id", "key", name="slot_feed_key"),
    )
    op.create_index("slot_by_practitioner", "slot", ["practitioner_id", "start_at"], unique=False)
    op.create_index("slot_by_start", "slot", ["state", "start_at"], unique=False)
    op.create_table(
        "booking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "held",
                "booked",
                "honoured",
                "no_show",
                "cancelled",
                "expired",
                name="booking_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_by", sa.String(80), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="booking_held_until"),
        sa.CheckConstraint("place >= 1", name="booking_place"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("booking_patient_id_fkey")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("booking_slot_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("booking_pkey")),
    )
    op.create_index(op.f("booking_by_slot_id"), "booking", ["slot_id"], unique=False)
    op.create_index(
        "booking_one_per_place",
        "booking",
        ["slot_id", "place"],
        unique=True,
        sqlite_where=sa.text("state IN ('held', 'booked', 'honoured', 'no_show')"),
        postgresql_where=sa.text("state IN ('held', 'booked', 'honoured', 'no_show')"),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "accepted",
                "declined",
                "expired",
                "withdrawn",
                name="offer_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.String(40), nullable=True),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="offer_answered_at"),
        sa.ForeignKeyConstraint(["intake_id"], ["intake.id"], name=op.f("offer_intake_id_fkey")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("offer_proposal_id_fkey")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("offer_referral_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("offer_pkey")),
        sa.UniqueConstraint("proposal_id", name=op.f("offer_proposal_id_key")),
    )
    op.create_index(op.f("offer_by_intake_id"), "offer", ["intake_id"], unique=False)
    op.create_index(op.f("offer_by_referral_id"), "offer", ["referral_id"], unique=False)
    op.create_index(
        "offer_one_open",
        "offer",
        ["referral_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('open', 'accepted')"),
        postgresql_where=sa.text("state IN ('open', 'accepted')"),
    )
    op.create_table(
        "booking_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "held",
                "booked",
                "honoured",
                "no_show",
                "cancelled",
                "expired",
                name="booking_event_from",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "held",
                "booked",
                "honoured",
                "no_show",
                "cancelled",
                "expired",
                name="booking_event_to",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("booking_event_booking_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("booking_event_pkey")),
    )
    op.create_index(op.f("booking_event_by_booking_id"), "booking_event", ["booking_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("booking_event_by_booking_id"), table_name="booking_event")
    op.drop_table("booking_event")
    op.drop_index(
        "offer_one_open",
        table_name="offer",
        sqlite_where=sa.text("state IN ('open', 'accepted')"),
        postgresql_where=sa.text("state IN ('open', 'accepted')"),
    )
    op.drop_index(op.f("offer_by_referral_id"), table_name="offer")
    op.drop_index(op.f("offer_by_intake_id"), table_name="offer")
    op.drop_table("offer")
    op.drop_index(
        "booking_one_per_place",
        table_name="booking",
        sqlite_where=sa.text("state IN ('held', 'booked', 'honoured', 'no_show')"),
        postgresql_where=sa.text("state IN ('held', 'booked', 'honoured', 'no_show')"),
    )
    op.drop_index(op.f("booking_by_slot_id"), table_name="booking")
    op.drop_table("booking")
    op.drop_index("slot_by_start", table_name="slot")
    op.drop_index("slot_by_practitioner", table_name="slot")
    op.drop_table("slot")
    op.drop_index(op.f("referral_event_by_referral_id"), table_name="referral_event")
    op.drop_table("referral_event")
    op.drop_index(
        "proposal_one_pending",
        table_name="proposal",
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.drop_index(op.f("proposal_by_run_id"), table_name="proposal")
    op.drop_index(op.f("proposal_by_referral_id"), table_name="proposal")
    op.drop_index(op.f("proposal_by_intake_id"), table_name="proposal")
    op.drop_table("proposal")
    op.drop_index(op.f("feed_reading_by_feed_id"), table_name="feed_reading")
    op.drop_table("feed_reading")
    op.drop_index(op.f("feed_busy_by_feed_id"), table_name="feed_busy")
    op.drop_table("feed_busy")
    op.drop_index(op.f("consent_by_referral_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("web_session_by_account_id"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_table("role_grant")
    op.drop_index(
        "referral_one_open",
        table_name="referral",
        sqlite_where=sa.text("state NOT IN ('declared', 'closed')"),
        postgresql_where=sa.text("state NOT IN ('declared', 'closed')"),
    )
    op.drop_index("referral_by_state", table_name="referral")
    op.drop_index(op.f("referral_by_signalled_by"), table_name="referral")
    op.drop_index(op.f("referral_by_household_id"), table_name="referral")
    op.drop_table("referral")
    op.drop_index(op.f("matching_run_by_territory_id"), table_name="matching_run")
    op.drop_table("matching_run")
    op.drop_index(
        "intake_one_open",
        table_name="intake",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index(op.f("intake_by_practitioner_id"), table_name="intake")
    op.drop_table("intake")
    op.drop_index(op.f("feed_by_practitioner_id"), table_name="feed")
    op.drop_index(op.f("feed_by_due_at"), table_name="feed")
    op.drop_table("feed")
    op.drop_index(op.f("practice_by_practitioner_id"), table_name="practice")
    op.drop_table("practice")
    op.drop_table("account")
    op.drop_table("territory_commune")
    op.drop_index(op.f("structure_by_territory_id"), table_name="structure")
    op.drop_table("structure")
    op.drop_index(op.f("practitioner_by_territory_id"), table_name="practitioner")
    op.drop_table("practitioner")
    op.drop_index(op.f("household_by_territory_id"), table_name="household")
    op.drop_table("household")
    op.drop_table("api_token")
    op.drop_table("territory")
    op.drop_index(op.f("sign_in_failure_by_email_hash"), table_name="sign_in_failure")
    op.drop_table("sign_in_failure")
    op.drop_table("patient")
    op.drop_index(op.f("idempotency_record_by_created_at"), table_name="idempotency_record")
    op.drop_table("idempotency_record")
    op.drop_index(op.f("audit_entry_by_patient_id"), table_name="audit_entry")
    op.drop_index(op.f("audit_entry_by_at"), table_name="audit_entry")
    op.drop_table("audit_entry")
