"""One file a check: `family/name.py` holds the check `family.name`. Nothing else lives here."""
