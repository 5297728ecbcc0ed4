"""Personal data: which columns and cells hold it, and whether it was declared."""
