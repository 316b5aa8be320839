"""Run tests on a copy of the packages: in a process of its own, that ends when it must.

The libraries the packages need are imported once, here; a trial is a fork that puts the copy first
on its path, imports the packages from there and runs pytest. So a trial starts in a tenth of a
second instead of several, and the working tree is never touched.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest
from suite import file_of

MEMORY = 8 * 2**30  # bytes a trial may allocate; an error may fill a list for ever

_FIXTURE = "fixture"  # how the names of their contexts begin
NOTHING_SAID = 70  # exit code of a trial that did not test what it should have


def load_libraries(names: Sequence[str]) -> None:
    """Import what every trial needs, once; without threads, which forks do not survive."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["MPLBACKEND"] = "agg"
    for name in names:
        importlib.import_module(name)


@dataclass
class Job:
    """Tests to run on a copy; the time limits hold for a machine as busy as it is now.

    Each test has a limit of its own: an error that never ends is stopped where it began, and not
    after the time that all tests together would have had.
    """

    root: Path  # where pytest starts
    package: str
    folder: Path
    tests: Sequence[str]
    seconds: Mapping[str, float]  # that each of them takes when it passes
    measure: bool = False  # note which test reaches which line
    left_out: tuple[str, ...] = ()
    limited: bool = True
    patience: float = 30.0  # seconds of processor time a test may take beyond what it should

    @property
    def log(self) -> Path:
        """What pytest said."""
        return self.folder / "log.txt"

    @property
    def record(self) -> Path:
        """Seconds and outcome of each test, as JSON; contexts of lines if measured."""
        return self.folder / "record.json"

    @property
    def scratch(self) -> Path:
        """Temporary files of the tests; not in the checkout, whose git they would find."""
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"mutants-{name}"

    def run(self) -> None:
        """Run the tests in this process and end it."""
        os.setsid()  # so that all it starts can be ended with it
        # A shell that starts the gate in the background has Ctrl-C ignored; tests send one.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.limited:
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        self.allow("")  # to collect the tests
        code = str(self.folder / "code")
        assert self.package not in sys.modules
        sys.path.insert(0, code)
        os.environ["PYTHONPATH"] = code
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        os.chdir(self.root)
        with self.log.open("w") as log, redirect_stdout(log), redirect_stderr(log):
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            try:
                status = self._pytest()
            except BaseException:
                traceback.print_exc()
                log.flush()
                status = NOTHING_SAID
        os._exit(status)

    def allow(self, test: str) -> None:
        """Let this process live as long as a test may take, from now on.

        Processor time, and four times as much by the clock: a test may wait for what never comes.
        The kernel ends the process, which compiled code cannot hold off.
        """
        if self.limited:
            seconds = self.patience + 5 * self.seconds.get(test, 0.0)
            used = resource.getrusage(resource.RUSAGE_SELF)
            limit = math.ceil(used.ru_utime + used.ru_stime + seconds)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            signal.setitimer(signal.ITIMER_REAL, 4 * seconds)

    def _pytest(self) -> int:
        recorder = _Recorder(self)
        files = list(dict.fromkeys(file_of(test) for test in self.tests))
        options = ["-q", "-x", "-p", "no:cacheprovider", "--basetemp", str(self.scratch)]
        options += [
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
        ]  # of libraries imported early
        status = int(pytest.main([*options, *files], plugins=[recorder]))
        recorder.save()
        tested = getattr(sys.modules.get(self.package), "__file__", None)
        if tested and not Path(tested).is_relative_to(self.folder):
            return NOTHING_SAID
        return status


class _Recorder:
    """A pytest plugin: the wanted tests, in the wanted order, and what became of them.

    What a fixture reaches counts for every test that uses it, and not only for the first one, for
    which it was set up.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.seconds: dict[str, float] = {}
        self.failed: str | None = None
        self.fixtures: dict[str, tuple[str, ...]] = {}  # by test, the names of those it uses
        self.context = ""
        self.coverage: Any = None
        if job.measure:
            import coverage

            self.coverage = coverage.Coverage(
                data_file=str(job.folder / "coverage"),
                config_file=False,
                source=[str(job.folder / "code")],
            )
            self.coverage.start()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        wanted = {test: place for place, test in enumerate(self.job.tests)}

        def place(item: Any) -> int:
            return wanted.get(item.nodeid, wanted.get(file_of(item.nodeid), -1))

        kept = [item for item in items if place(item) >= 0]
        left_out = self.job.left_out
        kept = [item for item in kept if not any(part in item.nodeid for part in left_out)]
        items[:] = sorted(kept, key=place)
        self.fixtures = {item.nodeid: tuple(item.fixturenames) for item in items}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        before = self.context
        self._context(f"{_FIXTURE} {fixturedef.argname} {fixturedef.baseid}")
        try:
            return (yield)
        finally:
            self._context(before)

    def pytest_runtest_setup(self, item: Any) -> None:
        self.job.allow(item.nodeid)
        self._context("")

    def pytest_runtest_call(self, item: Any) -> None:
        self._context(item.nodeid)

    def pytest_runtest_teardown(self, item: Any) -> None:
        self._context("")

    def pytest_runtest_logreport(self, report: Any) -> None:
        before = self.seconds.get(report.nodeid, 0.0)
        self.seconds[report.nodeid] = before + report.duration
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid  # the package, or a test module, cannot be imported

    def _context(self, name: str) -> None:
        self.context = name
        if self.coverage is not None:
            self.coverage.switch_context(name)

    def _tests(self, context: str) -> list[str]:
        """The tests of a context: the one itself, or all that use the fixture."""
        if not context.startswith(f"{_FIXTURE} "):
            return [context] if context else []
        _, fixture, where = context.split(" ", 2)
        return [
            test
            for test, names in self.fixtures.items()
            if fixture in names and test.startswith(where)
        ]

    def save(self) -> None:
        content: dict[str, Any] = {"seconds": self.seconds, "failed": self.failed}
        if self.coverage is not None:
            self.coverage.stop()
            data = self.coverage.get_data()
            content["lines"] = {
                str(Path(file).relative_to(self.job.folder / "code")): {
                    str(line): sorted({test for name in names for test in self._tests(name)})
                    for line, names in data.contexts_by_lineno(file).items()
                }
                for file in data.measured_files()
            }
        self.job.record.write_text(json.dumps(content))


def prepare(folder: Path, source: Path, module: str = "", text: str = "") -> None:
    """Make `folder` hold a copy of the packages in `source`, one module with another text.

    Compiled code is copied with the modules; of the changed one it is left out, and Numba, too,
    sees by the time of the file that its own is stale.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder / "code")
    if module:
        path = folder / "code" / module
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
        path.write_text(text, encoding="utf-8")


def run_all(
    jobs: Iterator[Job], processes: int, finished: Callable[[Job, int | None, float], None]
) -> None:
    """Run jobs side by side; tell of each its exit code, None if it ran into a limit, and its time.

    Jobs are taken from the iterator when there is a process for them.
    """
    context = multiprocessing.get_context("fork")
    running: dict[Any, tuple[Any, Job, float, float]] = {}
    waiting: list[Job] | None = []
    try:
        while True:
            while waiting is not None and len(running) < processes:
                job = next(jobs, None)
                if job is None:
                    waiting = None
                    break
                process = context.Process(target=job.run)
                process.start()
                now = time.monotonic()
                # Each test has its limit; this one is for a trial that lost its own.
                seconds = job.patience + 5 * sum(job.seconds.values())
                limit = 10 * seconds if job.limited else float("inf")
                running[process.sentinel] = process, job, now, now + limit
            if not running:
                return
            earliest = min(deadline for *_, deadline in running.values())
            ready = wait(list(running), timeout=max(0.0, min(earliest - time.monotonic(), 3600)))
            for sentinel, (process, job, start, deadline) in list(running.items()):
                now = time.monotonic()
                if sentinel in ready or now > deadline:
                    _end(process)
                    shutil.rmtree(job.scratch, ignore_errors=True)
                    del running[sentinel]
                    late = sentinel not in ready or process.exitcode in (
                        -signal.SIGXCPU,
                        -signal.SIGALRM,
                        -signal.SIGKILL,
                    )
                    finished(job, None if late else process.exitcode, now - start)
    finally:
        for process, *_ in running.values():
            _end(process)


def _end(process: Any) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.join()
