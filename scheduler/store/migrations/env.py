"""What Alembic runs around the revisions: on the connection it is handed, in its transaction."""

from alembic import context

from scheduler.store.migrate import comparison_options

context.configure(
    connection=context.config.attributes["connection"],
    on_version_apply=context.config.attributes["on_version_apply"],
    **comparison_options(),
)
with context.begin_transaction():
    context.run_migrations()
