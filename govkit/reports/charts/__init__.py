"""Pictures: one file each, drawn from evidence tables by name or from the record as a whole."""
