"""Ensembles of a build can run on a Dask cluster; the figures are the same to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from distributed import LocalCluster

from companion.checking.references import published_numbers
from companion.notebook.cluster import SCHEDULER
from companion.project import Project
from companion.running.runs import run_notebooks
from toy import DRAW

ENSEMBLE = """\
import edge_of_stability as eos
from companion import executor

problem = eos.DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))
starts = np.random.default_rng(0).uniform(-2, 2, (300, 2))
where = executor()
result = eos.run_ensemble(problem, starts, 0.4, 200, executor=where, block=50)
publish_number("remote", where is not None, volatile=True)
"""


def theta(run) -> np.ndarray:
    with np.load(run.published / "figures" / "line.npz") as data:
        return data["y"]


def remote(run) -> bool:
    return bool(published_numbers(run)["remote"]["value"])


@pytest.mark.slow
def test_cluster_gives_the_same_bits(toy, monkeypatch):
    toy.write_notebook(draw=ENSEMBLE + DRAW.replace('"y": slope * x', '"y": result.theta'))
    project = Project(toy.root)
    (local,) = run_notebooks(project, [toy.notebook])
    at_home = theta(local)
    assert not remote(local)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        monkeypatch.setenv(SCHEDULER, cluster.scheduler_address)
        (away,) = run_notebooks(project, [toy.notebook], reuse=False)
    assert remote(away)
    np.testing.assert_array_equal(theta(away), at_home)
