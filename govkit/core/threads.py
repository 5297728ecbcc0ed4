"""One thread for each process: checks run side by side in processes, and threads that wait for each other burn CPU."""

from collections.abc import MutableMapping
from typing import Final

VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""What numerical libraries read when they are imported."""


def one_thread(environment: MutableMapping[str, str]) -> None:
    """Set what the user has not set; to be called before NumPy is imported."""
    for name in VARIABLES:
        environment.setdefault(name, "1")
