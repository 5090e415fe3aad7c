"""The store: tables, engine, sessions, migrations."""
