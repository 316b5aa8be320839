"""The explorers compute what the Python package computes, on random inputs, in the browser."""

import numpy as np
import pytest

import edge_of_stability as eos

SEED = 20240220
CASES = 400
TOLERANCE = 1e-9  # relative to the larger of 1 and the value
SCALAR = eos.DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))


def agree(found, expected, tolerance=TOLERANCE):
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape
    worst = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    assert worst.max() <= tolerance, worst.max()


def together(*columns):
    """Lists of arguments, one for each row; the rows of points are spread."""
    return [
        [argument for part in row for argument in np.atleast_1d(part).tolist()]
        for row in zip(*columns, strict=True)
    ]


# The scalar net -----------------------------------------------------------------------------


def scalar_cases():
    rng = np.random.default_rng(SEED)
    return rng.uniform(-3.2, 3.2, (CASES, 2)), rng.uniform(0.005, 1.1, CASES)


def test_scalar_loss_and_sharpness(call):
    points, _ = scalar_cases()
    agree(call("scalar_net", "loss", points.tolist()), SCALAR.loss(points))
    agree(call("scalar_net", "sharpness", points.tolist()), SCALAR.sharpness(points))


def test_scalar_orbits(call):
    points, etas = scalar_cases()
    steps = 8  # chaos stretches rounding errors about threefold a step
    found = call("scalar_net", "orbit", together(points, etas, [steps] * CASES))
    path = eos.gradient_descent(SCALAR, points, etas, steps)
    compared = 0
    for i, orbit in enumerate(found):
        # Beyond 1e50 the Hessian overflows in either, at different places.
        seen = np.abs(path.thetas[:, i]).max(-1) < 1e50
        assert seen[0]
        compared += seen.sum()
        agree(np.array(orbit["xs"])[seen], path.thetas[seen, i, 0])
        agree(np.array(orbit["ys"])[seen], path.thetas[seen, i, 1])
        agree(np.array(orbit["losses"])[seen], path.losses[seen, i])
        agree(np.array(orbit["sharpnesses"])[seen], SCALAR.sharpness(path.thetas[seen, i]))
    assert compared > 0.7 * CASES * (steps + 1)


def test_threshold_vanishes_on_the_ellipse_and_is_multiplied_by_a_step(call):
    points, etas = scalar_cases()
    F = np.array(call("scalar_net", "threshold", together(points, etas)))
    after = SCALAR.step(points, etas)
    next_F = call("scalar_net", "threshold", together(after, etas))
    u = 2 * etas * (points.prod(axis=1) - 1)
    # Both sides are sums of large terms that cancel.
    size = 1 + (after**2).sum(1)
    agree(next_F / size, F * (1 + 2 * etas * u + u**2) / size)

    inside = etas < 1
    axes = call("scalar_net", "semiaxes", together(etas))
    assert [axis is not None for axis in axes] == inside.tolist()
    angles = np.random.default_rng(SEED).uniform(0, 2 * np.pi, CASES)
    chosen = [(axis, angle) for axis, angle in zip(axes, angles, strict=True) if axis]
    on_it = np.array(call("scalar_net", "ellipsePoint", chosen))
    zero = call("scalar_net", "threshold", together(on_it, etas[inside]))
    agree(zero, np.zeros(len(zero)))
    # The boundary map of the chapter "Past the edge": φ' = π − 3φ.
    expected = call("scalar_net", "ellipsePoint", [(axis, np.pi - 3 * a) for axis, a in chosen])
    agree(SCALAR.step(on_it, etas[inside]), expected)


def test_stable_part_ends_at_the_edge(call):
    _, etas = scalar_cases()
    parts = call("scalar_net", "stablePart", together(etas))
    for eta, part in zip(etas, parts, strict=True):
        assert (part is not None) == (eta < 0.5)
        if part:
            low, high = part
            ends = np.array([[low, 1 / low], [high, 1 / high]])
            agree(SCALAR.sharpness(ends), [2 / eta, 2 / eta])
            middle = np.sqrt(low * high)
            assert SCALAR.sharpness([middle, 1 / middle]) < 2 / eta


def test_two_cycle_returns_after_two_steps(call):
    _, etas = scalar_cases()
    cycles = call("scalar_net", "twoCycle", together(etas))
    for eta, cycle in zip(etas, cycles, strict=True):
        assert (cycle is not None) == (eta > 0.5)
        if cycle:
            a, b = cycle
            assert a < 1 < b
            path = eos.gradient_descent(SCALAR, [a, a], eta, 2).thetas
            agree(path, [[a, a], [b, b], [a, a]])


def test_outcomes_are_those_of_the_ensemble(call):
    points, etas = scalar_cases()
    found = call("scalar_net", "outcome", together(points, etas))
    result = eos.run_ensemble(SCALAR, points, etas, 4000)
    kinds = {
        eos.Outcome.CONVERGED: {"minimizer"},
        eos.Outcome.BOUNDED: {"bounded", "cycle", "minimizer"},  # slow ones are near a minimizer
        eos.Outcome.DIVERGED: {"diverged"},
    }
    for end, outcome, theta in zip(found, result.outcome, result.theta, strict=True):
        assert end["kind"] in kinds[eos.Outcome(outcome)]
        if outcome == eos.Outcome.CONVERGED:
            agree([end["x"], end["y"]], theta, 1e-6)
    assert {"minimizer", "diverged", "bounded", "cycle"} <= {end["kind"] for end in found}


def test_slow_convergence_is_no_cycle(call):
    """For η ≤ 1/2 almost every orbit in the ellipse converges; a little above, to a small cycle."""
    points, _ = scalar_cases()
    for eta, kinds in ((0.499, {"minimizer", "bounded"}), (0.5, {"bounded"}), (0.505, {"cycle"})):
        cases = [[*point, eta] for point in points]
        inside = np.array(call("scalar_net", "threshold", cases)) > 0
        found = call("scalar_net", "outcome", [c for c, i in zip(cases, inside, strict=True) if i])
        assert {end["kind"] for end in found} == kinds


def test_fates_are_the_ends_of_long_orbits(call):
    """Every tenth cell: it diverges, or ends on one side of x + y = 0, or keeps changing sides."""
    edge, size, steps, watch = 3.2, 40, 400, 200
    etas = [0.05, 0.2, 0.45, 0.55, 0.7, 0.85, 0.95, 1.05]
    centres = ((2 * np.arange(size) + 1) / size - 1) * edge
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)[::10]  # (m, 2): x, y
    kinds = set()
    fates = call("scalar_net", "fates", [[eta, edge, size] for eta in etas])
    for eta, ours in zip(etas, fates, strict=True):
        found = np.array(ours)[::10]
        path = eos.gradient_descent(SCALAR, grid, eta, steps).thetas
        with np.errstate(invalid="ignore", over="ignore"):
            gone = ~(np.abs(path[-1]).max(axis=-1) < 1e8)
            side = path[-watch:].sum(axis=-1) > 0
        expected = np.where(side.all(0), 1, np.where(~side.any(0), 2, 3))
        expected[gone] = 0
        # Chaos decides by rounding on which side a step is: not whether both sides are seen.
        assert (found == expected).mean() > 0.97, eta
        assert ((found == 0) == gone).mean() > 0.99, eta
        kinds |= set(found.tolist())
    assert kinds == {0, 1, 2, 3}


def test_the_long_run_on_the_balanced_line(call):
    etas = [0.1, 0.4, 0.55, 0.6, 0.62, 0.99]
    found = call("scalar_net", "longRun", [[eta, 600, 40] for eta in etas])
    for eta, products in zip(etas, found, strict=True):
        if eta < 0.5:
            agree(products, np.ones(40))
        elif eta <= 0.6:  # on the two-cycle
            h = 2 * eta
            ab = np.roots([1, -np.sqrt(1 + 3 / h), 1 / h]) ** 2
            assert np.unique(np.round(products, 9)) == pytest.approx(np.sort(ab), abs=1e-8)
        z = np.sqrt(products)  # of one orbit, up to signs
        agree(np.array(products[1:]), (z + 2 * eta * z * (1 - z**2))[:-1] ** 2)
    assert call("scalar_net", "longRun", [[1.0, 600, 40], [0.0, 600, 40]]) == [[], []]


# The critical step size -----------------------------------------------------------------------


def critical_cases():
    """(W⋆, Σ, N): random, of rank one, diagonal, and with two equal eigenvalues at the optimum."""
    rng = np.random.default_rng(SEED + 1)
    cases = []
    for i in range(CASES):
        W = rng.uniform(-3, 3, (2, 2))
        root = rng.uniform(-1.5, 1.5, (2, 2))
        Sigma = root @ root.T + 0.05 * np.eye(2)
        if i % 4 == 1:
            W = np.outer(*rng.uniform(-2, 2, (2, 2)))
        if i % 4 == 2:
            W, Sigma = np.diag(W.diagonal()), np.diag(Sigma.diagonal())
        cases.append((W, Sigma, int(rng.integers(1, 9))))
    kink = (np.diag([0.5, 2.0]), np.diag([4.0, 1.0]), 2)
    return [*cases, kink, (np.diag([2.0, 1.0]), np.eye(2), 3)]


def symmetric(matrix):
    return {"a": matrix[0, 0], "b": matrix[0, 1], "c": matrix[1, 1]}


def bounds(Sigma, B, N, v, x):
    """Of 1/η_C: from below by a unit vector v, and from above by x > 0."""
    below = N * (v @ Sigma @ v) ** (1 / N) * max(v @ B @ v, 0) ** (1 - 1 / N)
    return below, np.linalg.eigvalsh(x ** (N - 1) * Sigma + (N - 1) / x * B)[-1]


def test_critical_step_size_and_its_bounds(call):
    rng = np.random.default_rng(SEED + 2)
    cases = critical_cases()
    Ws, Sigmas, Ns = zip(*cases, strict=True)
    angles, scales = rng.uniform(0, np.pi, len(cases)), np.exp(rng.uniform(-3, 3, len(cases)))
    vs = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    forms = list(map(symmetric, Sigmas))
    found = call("critical_step", "criticalStep", zip(Ws, forms, Ns, strict=True))
    Bs = call("critical_step", "whitenedSquare", zip(Ws, forms, strict=True))
    below = call("critical_step", "primal", zip(forms, Bs, Ns, vs, strict=True))
    above = call("critical_step", "dual", zip(forms, Bs, Ns, scales.tolist(), strict=True))
    for i, (W, Sigma, N) in enumerate(cases):
        B = np.array([[Bs[i]["a"], Bs[i]["b"]], [Bs[i]["b"], Bs[i]["c"]]])
        agree((below[i], above[i]), bounds(Sigma, B, N, vs[i], scales[i]))
        values, vectors = np.linalg.eigh(Sigma)
        root = (vectors * np.sqrt(values)) @ vectors.T
        agree(B, root @ W.T @ W @ root)
        exact = eos.critical_step_size(root, W @ root, N).value
        assert abs(found[i]["value"] / exact - 1) < TOLERANCE
        # The maximiser and the minimiser are flat, so their values are compared, by NumPy.
        v, x = np.array(found[i]["direction"]), found[i]["scale"]
        assert abs(v @ v - 1) < 1e-14
        np.testing.assert_allclose(bounds(Sigma, B, N, v, x), 1 / exact, rtol=TOLERANCE)


# The slack line -------------------------------------------------------------------------------


def test_slack_line_and_its_orbits(call):
    rng = np.random.default_rng(SEED + 4)
    problem = eos.DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 2, 2, 1))
    Ts = rng.uniform(0, 1000, CASES)
    points = np.array(call("slack_line", "slackPoint", together(Ts)))
    assert (points[:, 5] == Ts).all()
    assert (problem.loss(points) == 0).all()
    agree(call("slack_line", "sharpness", [[point] for point in points]), problem.sharpness(points))

    # The other way: minimizers of the norm that was asked for.
    lengths = np.exp(rng.uniform(np.log(2), np.log(1000), CASES))
    factors = call("slack_line", "rescaledBy", together(lengths))
    points = np.array(call("slack_line", "rescaledPoint", [[s] for s in factors]))
    agree(np.linalg.norm(points, axis=1), lengths)
    agree(call("slack_line", "norm", [[point] for point in points]), lengths)
    agree(problem.loss(points), np.zeros(CASES))
    agree(call("slack_line", "sharpness", [[point] for point in points]), problem.sharpness(points))

    shifts, etas = 10 ** rng.uniform(-7, -1, CASES), rng.uniform(0.05, 0.5, CASES)
    cases = [list(map(float, case)) for case in zip(Ts, shifts, etas, strict=True)]
    found = call("slack_line", "excursion", [[*case, 12] for case in cases])
    stays = call("slack_line", "staysNear", [[*case, 12] for case in cases])
    assert stays == [max(each) <= 2 * shift for each, shift in zip(found, shifts, strict=True)]
    compared = 0
    for (T, shift, eta), ours in zip(cases, found, strict=True):
        centre = np.array([1.0, 0, 1, 0, 0, T, 1, 0])
        path = eos.gradient_descent(problem, centre + shift / np.sqrt(8), eta, 12).thetas
        with np.errstate(over="ignore", invalid="ignore"):  # after it is gone
            away = np.linalg.norm(path - centre, axis=1)
        # Rounding is relative to T, and stretched like the distance itself.
        scale = np.maximum(away[: len(ours)], T * away[: len(ours)] / away[0])
        small = away[: len(ours)] < 1e3
        compared += small.sum()
        assert (np.abs(np.array(ours) - away[: len(ours)])[small] <= TOLERANCE * scale[small]).all()
    assert compared > 5 * CASES


def test_step_sizes_that_are_marked(call):
    one = [[1.0]]
    halfway = call("scalar_net", "CRITICAL")
    assert halfway == pytest.approx(eos.critical_step_size(one, one, 2).value)
    third = call("slack_line", "CRITICAL")
    assert third == pytest.approx(eos.critical_step_size(one, one, 3).value)
    # Where the two-cycle of z ↦ z + hz(1 − z²) ceases to attract, its multiplier is −1.
    eta = call("scalar_net", "CYCLE_ATTRACTS")
    (cycle,) = call("scalar_net", "twoCycle", [[eta]])
    assert np.prod(1 + 2 * eta * (1 - 3 * np.square(cycle))) == pytest.approx(-1)
