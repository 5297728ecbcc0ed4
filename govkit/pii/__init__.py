"""Personal data: one engine that reads, judges and counts, shared by the scan, the checks and the redaction."""
