import numpy as np
import pytest
from sklearn.decomposition import PCA

from rag.projection import project


def test_the_axes_are_the_directions_of_largest_variance() -> None:
    points = project(np.array([[3, 0, 7], [-3, 0, 7], [0, 1, 7], [0, -1, 7]], np.float32))
    assert np.abs(points).round(6).tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    assert points.max() == 1


def test_it_agrees_with_sklearn_up_to_sign_and_scale() -> None:
    vectors = np.random.default_rng(7).normal(size=(50, 8)).astype(np.float32) * np.arange(1, 9, dtype=np.float32)
    ours, theirs = project(vectors), PCA(2).fit_transform(vectors)
    for axis in (0, 1):
        assert abs(np.corrcoef(ours[:, axis], theirs[:, axis])[0, 1]) == pytest.approx(1, abs=1e-5)
    assert np.abs(ours).max(axis=0) == pytest.approx([1, 1])


@pytest.mark.parametrize(("rows", "columns"), [(0, 4), (1, 4), (3, 4), (3, 1)])
def test_vectors_without_two_directions_are_placed_too(rows: int, columns: int) -> None:
    assert project(np.ones((rows, columns), np.float32)).tolist() == [[0, 0]] * rows
