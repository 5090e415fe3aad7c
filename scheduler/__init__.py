"""Everything of Relais that runs without HTTP."""
