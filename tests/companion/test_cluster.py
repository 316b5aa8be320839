"""Ensembles of a build can run on a Dask cluster; test_ensemble_executors compares the results."""

from __future__ import annotations

import os

import pytest
from distributed import LocalCluster

from companion.notebook.cluster import SCHEDULER, executor
from companion.running.environment import clean


@pytest.mark.slow
def test_a_notebook_reaches_the_cluster_that_the_build_was_given(tmp_path, monkeypatch):
    assert executor.__wrapped__() is None
    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        monkeypatch.setenv(SCHEDULER, cluster.scheduler_address)
        assert clean(os.environ, tmp_path)[SCHEDULER] == cluster.scheduler_address
        found = executor.__wrapped__()
        assert list(found.map(abs, [-1, 2])) == [1, 2]
