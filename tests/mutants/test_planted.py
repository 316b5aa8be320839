"""Does the test suite notice errors? Each one of ``planted.yml`` is planted in a copy of the code.

The tests named beside the error then run on that copy, and one of them must fail.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FAILED = 1  # pytest's exit code for failed tests; any other one says nothing about the error
PLANTED = yaml.safe_load(Path(__file__).with_name("planted.yml").read_text(encoding="utf-8"))
ERRORS = [
    pytest.param(module, *(error[key] for key in ("old", "new")), entry["tests"], id=error["what"])
    for module, entry in PLANTED.items()
    for error in entry["errors"]
]


@pytest.mark.parametrize(("module", "old", "new", "tests"), ERRORS)
def test_place_of_error_is_unique(module, old, new, tests):
    assert (ROOT / "code" / module).read_text(encoding="utf-8").count(old) == 1
    assert old != new
    assert all(path.is_file() for path in _paths(module, tests))


@pytest.mark.slow
@pytest.mark.parametrize(("module", "old", "new", "tests"), ERRORS)
def test_error_is_noticed(tmp_path, module, old, new, tests):
    code = tmp_path / "code"
    shutil.copytree(ROOT / "code", code, ignore=shutil.ignore_patterns("__pycache__"))
    changed = code / module
    changed.write_text(changed.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    options = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not slow"]
    options.append(f"--basetemp={tmp_path / 'scratch'}")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *map(str, _paths(module, tests))],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if "XDIST" not in name},
            "PYTHONPATH": str(code),
            "NUMBA_CACHE_DIR": str(tmp_path / "numba"),  # code compiled from the sound modules
        },
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.returncode == FAILED, run.stdout[-3000:] + run.stderr[-3000:]


def _paths(module: str, tests: list[str]) -> list[Path]:
    package = module.partition("/")[0]
    return [ROOT / "tests" / package / test for test in tests]
