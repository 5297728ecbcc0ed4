"""The evidence pack: an archive of an audit's record, reports and evidence with a signed statement over all of it."""
