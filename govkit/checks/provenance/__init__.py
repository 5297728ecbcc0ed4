"""Where data and model come from: what is declared, and whether it agrees with the files."""
