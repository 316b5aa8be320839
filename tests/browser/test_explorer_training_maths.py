"""Training in the page: data, starting points and orbits as in Python, and the examples."""

import json

import numpy as np
import pytest

import edge_of_stability as eos
from edge_of_stability import datasets

TOLERANCE = 1e-9  # relative
SETS = ("diabetes", "wine", "linnerud")

SETUP = """async ([modules, archive]) => {
  const from = (name) => import(modules + name);
  const { fetchArrays } = await from("parts/npz.js");
  const { dataSets } = await from("maths/training_data.js");
  window.sets = dataSets(await fetchArrays(archive));
  for (const name of ["training", "training_examples", "training_file"]) {
    Object.assign(window, await from(`maths/${name}.js`));
  }
}"""
READ = "text => { try { return readRuns(text), 'read' } catch (error) { return error.message } }"
SETS_READ = """() => Object.fromEntries(Object.entries(sets).map(([name, each]) =>
  [name, { ...each, X: [...each.X], Y: [...each.Y] }]))"""
RUN = """([parameters, schedule, steps]) => {
  const run = new Run(sets[parameters.data], parameters, schedule);
  const losses = [run.loss];
  for (let t = 0; t < steps; t += 1) {
    run.advance();
    losses.push(run.loss);
  }
  const { theta, records } = run;
  const singular = run.isLinear ? run.network.singularValues(theta) : [];
  return { losses, theta: [...theta], sharpness: run.sharpness(), singular, records };
}"""


@pytest.fixture(scope="module")
def page(tab):
    tab.open("book/explorers/train.html")
    archive = tab.page.locator(".explorer .published-links a").first.evaluate("a => a.href")
    tab.open("book/explorers/index.html")
    tab.page.evaluate(SETUP, [f"{tab.address}_static/explorers/", archive])
    return tab.page


def data(name):
    return tuple(map(datasets.standardised, getattr(datasets, name)()))


def problem_of(parameters):
    X, Y = data(parameters["data"])
    widths = (len(X), *[parameters["width"]] * (parameters["depth"] - 1), len(Y))
    if parameters["tanh"]:
        return eos.Network(X, Y, widths, "tanh")
    return eos.DeepLinearProblem(X, Y, widths)


def start_of(problem, first, rest, seed):
    modulus = 2**31 - 1
    draws = [seed * pow(48271, k, modulus) % modulus for k in range(11, 11 + problem.dimension)]
    layers = problem.split(2 * np.array(draws) / modulus - 1)
    scales = [first, *[rest] * (problem.depth - 1)]
    return problem.join(
        [s * np.sqrt(3 / W.shape[1]) * W for s, W in zip(scales, layers, strict=True)]
    )


def test_the_data_are_those_of_the_package(page):
    found = page.evaluate(SETS_READ)
    assert set(found) == set(SETS)
    for name in SETS:
        X, Y = data(name)
        ours = found[name]
        np.testing.assert_array_equal(np.reshape(ours["X"], X.shape), X)
        np.testing.assert_array_equal(np.reshape(ours["Y"], Y.shape), Y)
        assert (ours["inputs"], ours["outputs"]) == (len(X), len(Y))
        linear = eos.DeepLinearProblem(X, Y, (len(X), len(Y)))
        assert ours["least"] == pytest.approx(float(linear.loss(linear.solution.ravel())))
        singular = np.linalg.svd(linear.solution, compute_uv=False)
        np.testing.assert_allclose(ours["singular"], singular, rtol=TOLERANCE)
        assert ours["rank"] == np.linalg.matrix_rank(linear.solution)
        for depth, (lower, value, upper) in enumerate(ours["critical"], start=1):
            exact = eos.critical_step_size(X, Y, depth)
            assert lower <= value <= upper <= lower * (1 + TOLERANCE)
            # Both intervals contain η_C, so they meet.
            assert max(lower, exact.lower) <= min(upper, exact.upper)


STABLE = {
    "one layer": ("linnerud", 0, 1, 1, 0.5, 0.5, 1, 0.0, [[0, 0.1]]),
    "two layers, momentum": ("diabetes", 0, 2, 6, 1.0, 0.3, 5, 0.9, [[0, 0.05]]),
    "three layers, η changes": ("diabetes", 0, 3, 6, 1.5, 0.2, 3, 0.0, [[0, 0.05], [500, 0.06]]),
    "four layers, three outputs": ("linnerud", 0, 4, 4, 0.5, 0.5, 1, 0.5, [[0, 0.1]]),
    "five wide layers": ("wine", 0, 5, 10, 1.0, 0.5, 2, 0.0, [[0, 0.05]]),
    "tanh": ("wine", 1, 2, 6, 1.0, 1.0, 2, 0.0, [[0, 0.05]]),
    "deep tanh, momentum": ("wine", 1, 3, 5, 0.7, 0.7, 4, 0.5, [[0, 0.02]]),
}


@pytest.mark.parametrize("name", STABLE)
def test_orbits_are_those_of_the_package(page, name):
    keys = ("data", "tanh", "depth", "width", "first", "rest", "seed", "beta")
    *values, schedule = STABLE[name]
    parameters = dict(zip(keys, values, strict=True))
    steps = 3000
    problem = problem_of(parameters)
    start = start_of(problem, *(parameters[key] for key in ("first", "rest", "seed")))
    theta = before = start
    losses, sharpnesses = [problem.loss(theta)], {}
    found = page.evaluate(RUN, [parameters, schedule, steps])
    records = found["records"]
    recorded = records["steps"][:: len(records["steps"]) // 20]
    for t in range(steps):
        if t in recorded:
            sharpnesses[t] = problem.sharpness(theta)
        eta = [change for at, change in schedule if at <= t][-1]
        move = parameters["beta"] * (theta - before)
        theta, before = theta - eta * problem.gradient(theta) + move, theta
        losses.append(problem.loss(theta))
    np.testing.assert_allclose(found["losses"], losses, rtol=TOLERANCE)
    np.testing.assert_allclose(found["theta"], theta, rtol=0, atol=TOLERANCE * np.abs(theta).max())
    assert found["sharpness"] == pytest.approx(problem.sharpness(theta), rel=TOLERANCE)
    ours = dict(zip(records["steps"], records["sharpnesses"], strict=True))
    for t, sharpness in sharpnesses.items():
        assert ours[t] == pytest.approx(sharpness, rel=TOLERANCE)
    assert len(sharpnesses) > 15
    if not parameters["tanh"]:
        singular = np.linalg.svd(problem.end_to_end(theta), compute_uv=False)
        np.testing.assert_allclose(found["singular"], singular, rtol=TOLERANCE)


def test_the_starting_point_is_that_of_the_package_to_the_last_bit(page):
    problem = eos.DeepLinearProblem(*data("wine"), (12, 7, 7, 1))
    found = page.evaluate(
        "widths => [...initial(widths, {first: 1.3, rest: 0.7, seed: 9999})]", list(problem.widths)
    )
    np.testing.assert_array_equal(found, start_of(problem, 1.3, 0.7, 9999))
    assert len(set(found)) == problem.dimension


def test_records_are_thinned_by_an_odd_factor(page):
    """So that an orbit of period two is still seen on both sides."""
    parameters = {"data": "wine", "tanh": 0, "depth": 2, "width": 1, "first": 1, "rest": 1}
    records = page.evaluate(RUN, [{**parameters, "seed": 1, "beta": 0}, [[0, 0.1]], 2000])[
        "records"
    ]
    gaps = set(np.diff(records["steps"]).tolist())
    assert gaps == {9}
    assert records["steps"][0] == 0
    assert records["steps"][-1] > 2000 - 9
    assert {len(each) for each in records.values()} == {len(records["steps"])}


def test_divergence_ends_the_curves(page):
    parameters = {"data": "wine", "tanh": 0, "depth": 3, "width": 6, "first": 2, "rest": 2}
    found = page.evaluate(RUN, [{**parameters, "seed": 1, "beta": 0}, [[0, 0.9]], 60])
    assert found["losses"][-1] is None or not found["losses"][-1] < 1e12
    assert max(found["records"]["losses"]) < 2e12
    assert len(found["records"]["steps"]) < 60


def test_examples_are_what_their_names_say(page):
    ends = {}
    for example in page.evaluate("EXAMPLES"):
        parameters, eta = example["parameters"], example["eta"]
        problem = problem_of(parameters)
        run = page.evaluate(RUN, [parameters, [[0, eta]], 500])
        X, Y = data(parameters["data"])
        threshold = eos.critical_step_size(X, Y, parameters["depth"]).value
        least = eos.DeepLinearProblem(X, Y, (len(X), len(Y)))
        excess = np.array(run["losses"]) - least.loss(least.solution.ravel())
        edge = 2 * (1 + parameters["beta"]) / eta
        ratio = np.array(run["records"]["sharpnesses"]) / edge
        ends[example["name"]] = (eta / threshold, excess, ratio)
        assert problem.dimension <= 500
    assert list(ends) == ["edge", "small step", "past η_C", "tanh", "momentum", "three outputs"]
    for name in ("edge", "three outputs"):
        part, excess, ratio = ends[name]
        assert part < 1
        assert ratio[0] < 0.5
        assert ratio.max() > 1.05  # it meets the edge …
        assert 0.95 < ratio[-1] < 1  # … and stays there
        assert excess[-1] < 1e-6
    part, excess, ratio = ends["small step"]
    assert ratio.max() < 0.6
    assert excess[-1] < 1e-5
    part, excess, ratio = ends["past η_C"]
    assert part > 1
    assert excess[100:].min() > 1e-2
    part, excess, ratio = ends["tanh"]
    assert 0.8 < ratio[-100:].mean() < 1.2
    assert ratio[0] < 0.5
    part, excess, ratio = ends["momentum"]
    assert 1 < part < 1.5  # past η_C, but not past (1 + β)η_C
    assert excess[-1] < 1e-9


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (None, "it is not JSON"),
        ({"format": "x"}, "this page did not write it"),
        ({"version": 2}, "its version is not 1"),
        ({"runs": 3}, "it needs a list of at most 100 runs"),
        ({"runs": [None]}, "run 1: it has no name"),
        ({"runs": [{"name": "a", "parameters": {"data": "iris"}}]}, "its data set is unknown"),
        ({"runs": [{"name": "a", "parameters": {"data": "wine", "tanh": 0, "depth": 9}}]}, "depth"),
    ],
)
def test_a_file_of_another_kind_is_refused(page, change, complaint):
    content = {"format": "runs of the edge-of-stability explorer", "version": 1, "runs": []}
    text = "{" if change is None else json.dumps({**content, **change})
    assert complaint in page.evaluate(READ, text)
