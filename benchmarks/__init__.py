"""Measurements: each script prints its figures, beside a peer or the plain way where there is one."""
