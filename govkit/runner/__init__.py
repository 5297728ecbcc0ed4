"""Runs the checks: plans the work, seeds each one, contains its failure, keeps a journal, spreads over processes."""
