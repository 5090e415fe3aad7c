"""The changes of the schema, in order; ``scheduler.store.migrate`` applies them.

Rules for a new revision (``python -m scheduler.store.migrate "what changes"`` drafts one):

- it stands by itself: no import from ``scheduler``, whose tables will have moved on when it runs;
- it does the same on SQLite and PostgreSQL; tests compare the outcome with the tables on both;
- on SQLite a table that is rebuilt (``op.batch_alter_table``) loses its triggers: create them again.
"""
