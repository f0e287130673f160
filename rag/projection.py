"""Vectors as points of a picture."""

import numpy as np

from rag.embed import Vector


def project(vectors: Vector) -> Vector:
    """(n, d) vectors as (n, 2) float32: their two principal components, each from -1 to 1; near vectors stay near.

    The same vectors always give the same picture: the largest coordinate of each axis points up. Fewer than two
    directions leave zeros.
    Source: Pearson 1901, doi:10.1080/14786440109462720.
    """
    if not len(vectors):
        return np.zeros((0, 2), np.float32)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    values, axes = np.linalg.eigh(centred.T @ centred)  # (d, d), whatever n is; eigenvalues from small to large
    principal = axes[:, ::-1][:, :2] * (values[::-1][:2] > 1e-9)
    points = centred @ principal
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    largest = points[np.abs(points).argmax(axis=0), [0, 1]]
    scale: Vector = np.where(np.abs(largest) > 1e-9, largest, 1.0)
    return np.asarray(points / scale, np.float32)
