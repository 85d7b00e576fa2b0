"""The database file and its migrations."""
