"""The penalties' formulas on every backend in float64, against NumPy on D(x) = x'Ax / 2.

The gradient of D is Ax for a symmetric A, so that every penalty is known in closed form, and its
slope by A, which takes the gradient of a gradient, by central differences.
"""

from __future__ import annotations

import importlib.util

import backend_probe
import numpy as np
import pytest

MATRIX = np.array([[2.0, 0.5], [0.5, -1.0]])
REAL = np.array([[1.0, 2.0], [-1.0, 0.5], [3.0, -2.0], [0.1, 0.2]])
FAKE = np.array([[0.0, 1.0], [2.0, 2.0], [-1.0, 1.0], [0.3, -0.1]])
MIXING = np.array([0.25, 0.5, 1.0, 0.0])
UNIFORM = np.array([[0.1, 0.9], [0.4, 0.2], [0.7, 0.7], [0.0, 0.5]])
NORMAL = np.array([[0.3, -1.2], [0.8, 0.1], [-0.5, 0.4], [1.5, -0.7]])
EXTRAS = {
    "dragan": UNIFORM,
    "consistency": NORMAL,
    "instance-noise-real": NORMAL,
    "instance-noise-fake": -2 * NORMAL,
}
PROGRESS = 0.25


def logits(matrix, points):
    return np.einsum("ni,ij,nj->n", points, matrix, points) / 2


def norms(matrix, points):
    """Norm of the gradient (A + A')x / 2 of each sample apart."""
    return np.linalg.norm(points @ (matrix + matrix.T) / 2, axis=1)


def between():
    return REAL * MIXING[:, None] + FAKE * (1 - MIXING[:, None])


def beside():
    """DRAGAN's points: each real one moved by a share of half the batch's one deviation."""
    return REAL + MIXING[:, None] * 0.5 * REAL.std() * UNIFORM


TERMS = {
    "gp1": lambda a: 10 * np.mean((norms(a, between()) - 1) ** 2),
    "gp1[weight=0.1,one_sided=true]": lambda a: (
        0.1 * np.mean(np.maximum(norms(a, between()) - 1, 0) ** 2)
    ),
    "gp0[weight=3.0]": lambda a: 3 * np.mean(norms(a, between()) ** 2),
    "r1": lambda a: 0.5 * np.mean(norms(a, REAL) ** 2),
    "r1[gamma=4.0]": lambda a: 2 * np.mean(norms(a, REAL) ** 2),
    "r2[gamma=0.5]": lambda a: 0.25 * np.mean(norms(a, FAKE) ** 2),
    "dragan": lambda a: 10 * np.mean((norms(a, beside()) - 1) ** 2),
    "dragan[weight=2.0,target=0.0]": lambda a: 2 * np.mean(norms(a, beside()) ** 2),
    "consistency[weight=5.0,sigma=0.2]": lambda a: (
        5 * np.mean((logits(a, REAL + 0.2 * NORMAL) - logits(a, REAL)) ** 2)
    ),
}
OTHERS = ["clip[limit=0.75]", "instance-noise[sigma=0.4]", "instance-noise[annealed=false]"]

JOBS = [
    {
        "name": name,
        "kind": "penalty",
        "penalty": name,
        "matrix": MATRIX.tolist(),
        "real": REAL.tolist(),
        "fake": FAKE.tolist(),
        "mixing": MIXING.tolist(),
        "extras": {key: array.tolist() for key, array in EXTRAS.items()},
        "progress": PROGRESS,
    }
    for name in [*TERMS, *OTHERS]
]


@pytest.fixture(scope="module", params=["torch", "tensorflow", "jax"])
def results(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return backend_probe.run([request.param], JOBS)[request.param]


def slope(function, matrix, step=1e-5):
    """Central differences by every entry of the matrix."""
    result = np.zeros_like(matrix)
    for place in np.ndindex(matrix.shape):
        moved = np.zeros_like(matrix)
        moved[place] = step
        result[place] = (function(matrix + moved) - function(matrix - moved)) / (2 * step)
    return result


@pytest.mark.parametrize("name", TERMS)
def test_the_term_has_its_known_value(results, name):
    # The norm in the package is sqrt(x + 1e-12).
    np.testing.assert_allclose(results[f"{name}/term"], TERMS[name](MATRIX), rtol=1e-11)


@pytest.mark.parametrize("name", TERMS)
def test_the_term_is_differentiated_once_more(results, name):
    expected = slope(TERMS[name], MATRIX)
    np.testing.assert_allclose(results[f"{name}/slope"], expected, rtol=1e-7, atol=1e-7)


def test_clipping_cuts_what_is_beyond_and_nothing_else(results):
    expected = [[0.75, 0.5], [0.5, -0.75]]
    np.testing.assert_array_equal(results["clip[limit=0.75]/weight"], expected)


def test_instance_noise_is_drawn_apart_and_annealed(results):
    prefix = "instance-noise[sigma=0.4]"
    np.testing.assert_allclose(results[f"{prefix}/real"], REAL + 0.3 * NORMAL, atol=1e-15)
    np.testing.assert_allclose(results[f"{prefix}/fake"], FAKE - 0.6 * NORMAL, atol=1e-15)


def test_instance_noise_stays_where_it_is_not_annealed(results):
    prefix = "instance-noise[annealed=false]"
    np.testing.assert_allclose(results[f"{prefix}/real"], REAL + 0.1 * NORMAL, atol=1e-15)
