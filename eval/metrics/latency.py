"""p50 and p95: how long a question takes.

pP = the smallest of n values that P percent of them do not exceed: of the ordered ones that of rank ceil(P n / 100).
Source: the nearest-rank percentile, Hyndman and Fan, The American Statistician 1996, definition 1,
doi:10.1080/00031305.1996.10473566.
"""

from typing import Any

import numpy as np


def percentile(values: Any, percent: int, axis: int = 0) -> Any:
    """The smallest value that `percent` of the values along an axis do not exceed (nearest rank)."""
    ordered = np.sort(values, axis=axis)
    return np.take(ordered, max(0, -(-percent * ordered.shape[axis] // 100) - 1), axis=axis)
