"""The page "Your own data" answers what the command critical-step answers, in the browser."""

import numpy as np
import pytest
from own_data_answers import SEED, TOLERANCE, agree, agree_with_command, by_command, csv_of
from sklearn.datasets import load_diabetes, load_linnerud, load_wine

from edge_of_stability.tables.command import main
from edge_of_stability.tables.prepare import prepare
from edge_of_stability.tables.read import read_table


def data_sets():
    wine, diabetes, linnerud = load_wine(), load_diabetes(scaled=False), load_linnerud()
    yield csv_of(wine.feature_names, wine.data.T), ["alcohol"]
    names = [*diabetes.feature_names, "progression"]
    yield csv_of(names, [*diabetes.data.T, diabetes.target]), ["progression"]
    names = [*linnerud.feature_names, *linnerud.target_names]
    yield csv_of(names, [*linnerud.data.T, *linnerud.target.T]), list(linnerud.target_names)


def random_tables(count):
    """Correlated columns of all sizes and offsets, few and many, some numbered or with a code."""
    rng = np.random.default_rng(SEED)
    for i in range(count):
        features = 45 if i % 25 == 0 else int(rng.integers(1, 9))
        targets = int(rng.integers(1, 4))
        d = features + targets
        n = d + int(rng.integers(3, 40))
        columns = rng.standard_normal((d, d)) @ rng.standard_normal((d, n))
        columns *= 10 ** rng.uniform(-3, 3, (d, 1))
        columns += 10 ** rng.uniform(-1, 2) * rng.standard_normal((d, 1))
        if i % 7 == 0:
            columns[0] = np.arange(n)
        if i % 5 == 0:
            columns[-1, :2] = -99999
        names = [f"c{k}" for k in range(d)]
        leave_out = names[1:2] if features > 2 and i % 3 == 0 else []
        choice = {
            "targets": names[features:],
            "leaveOut": leave_out,
            "depth": int(rng.integers(1, 9)),
            "preparation": ["standardise", "centre", "raw"][i % 3],
            "targetPreparation": ["", "", "raw", "centre", "standardise"][i % 5],
            "intercept": bool(rng.integers(2)),
        }
        yield csv_of(names, columns), choice, {}, round(float(rng.uniform(0, 0.99)), 3)


def test_the_data_sets_of_the_book(in_browser, tmp_path):
    cases = [
        (content, {"targets": targets, "depth": depth, "preparation": how, "intercept": on}, {}, m)
        for content, targets in data_sets()
        for how, on in (("standardise", False), ("centre", True), ("raw", False))
        for depth, m in ((1, 0.9), (2, 0.0), (3, 0.9), (10, 0.0))
    ]
    agree_with_command(cases, in_browser(cases), tmp_path)


def test_random_tables_rank_and_what_limits_the_step(in_browser, tmp_path):
    cases = list(random_tables(150))
    answers = in_browser(cases)
    agree_with_command(cases, answers, tmp_path)
    assert sum(bool(ours["warnings"]) for ours in answers) > 20
    for (content, choice, _, _), ours in zip(cases, answers, strict=True):
        assert all(abs(each["cosine"]) <= 1 + 1e-12 for each in ours["limiting"]["features"])
        assert 0 <= ours["limiting"]["share"] <= 1
        if choice["depth"] == 1 or choice["preparation"] == "raw":
            continue
        (path := tmp_path / "DATA.csv").write_bytes(content)
        how = {"preparation": choice["preparation"], "leave_out": choice["leaveOut"]}
        how |= {"target_preparation": choice["targetPreparation"] or None}
        how |= {"intercept": choice["intercept"]}
        data = prepare(read_table(path), choice["targets"], **how)
        # The rank does not depend on the units of the targets.
        targets = data.Y / np.linalg.norm(data.Y, axis=1, keepdims=True)
        sizes = np.linalg.svd(targets @ np.linalg.qr(data.X.T)[0], compute_uv=False)
        assert ours["rank"] == (sizes > 1e-10 * sizes[0]).sum()


def test_biases_give_a_bound_or_the_number(in_browser, tmp_path):
    without = [
        (content, choice | {"intercept": False}, reading, momentum)
        for content, choice, reading, momentum in random_tables(60)
        if choice["preparation"] != "raw"
    ]
    ticked = [(c, choice | {"biases": True}, r, m) for c, choice, r, m in without]
    bounds = set()
    for case, ours, own in zip(ticked, in_browser(without), in_browser(ticked), strict=True):
        content, choice, _, momentum = case
        command = by_command(tmp_path / "DATA.csv", content, choice, momentum)
        assert ours["biasesLower"] is own["biasesLower"] is (not command["proven"])
        eta = command["critical_step_size"]["sum"]["value"] / (1 + momentum)
        assert eta <= ours["withBiases"] * (1 + TOLERANCE)
        if own["biasesLower"]:
            assert own["value"] == own["withBiases"] <= 1 / own["rowCount"]
        else:
            assert eta == pytest.approx(ours["withBiases"], TOLERANCE)
            agree(own, command)
        bounds.add(own["biasesLower"])
    assert bounds == {True, False}
    choice = choice | {"intercept": True}
    [refused] = in_browser([(content, choice, {}, 0.0)])
    assert refused["fault"] in by_command(tmp_path / "DATA.csv", content, choice)["fault"]
    assert refused["onPage"] == [refused["fault"].replace("--biases", "“biases in every layer”")]


def test_the_meaning_is_in_the_same_words(in_browser, tmp_path, capsys):
    path = tmp_path / "DATA.csv"
    path.write_bytes(content := b"x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n3,3,3\n")
    for depth, momentum in ((1, 0.0), (2, 0.0), (3, 0.5)):
        [ours] = in_browser([(content, {"depth": depth}, {}, momentum)])
        options = [f"--depth={depth}", f"--momentum={momentum}"]
        assert main(["critical-step", str(path), "--target=y", *options]) == 0
        assert ours["meaning"] in " ".join(capsys.readouterr().out.split())


def test_one_feature_is_the_direction_that_limits(in_browser):
    """With one target W⋆ and one layer more than none, by hand: cosines and the explained share."""
    x, noise = np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])
    content = csv_of(["x", "y"], [x, 3 * x + 4 * noise])
    [found] = in_browser([(content, {"preparation": "raw"}, {}, 0.0)])
    assert found["limiting"]["features"] == [{"name": "x", "cosine": pytest.approx(1)}]
    assert found["limiting"]["share"] == pytest.approx(9 / 25)
    assert found["value"] == pytest.approx(1 / (2 * 2 * 6))  # ‖X‖ = 2, ‖YQ‖ = 6
