"""Readers of declared provenance, one file per standard; each turns parsed text into statements and fetches nothing."""
