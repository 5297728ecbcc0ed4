"""Statistics that checks share: intervals, areas under curves with their uncertainty, corrections for several tests."""
