"""One file a model format: how to recognise it, scan it without running anything, and load it in the worker."""
