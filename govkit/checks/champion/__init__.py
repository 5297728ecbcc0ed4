"""The model held against the one in use: whether it is better, whether it answers alike, and what it has forgotten."""
