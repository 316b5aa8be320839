"""Kernels forked from a process that has already imported what every notebook imports.

To start a kernel and to import NumPy, SymPy and Matplotlib takes more than a second of its time; a
fork has them at once. No notebook runs in the process that is forked, so that each begins alike.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_client.manager import AsyncKernelManager

_IMPORTED = [
    "companion.notebook.publish",
    "companion.notebook.style",
    "edge_of_stability",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "numba",
    "scipy.optimize",
    "sklearn.datasets",
    "sympy",
]


class ForkedKernelManager(AsyncKernelManager):  # type: ignore[misc]
    """What Jupyter calls to start a kernel, which here is forked."""

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        _, _, _, *arguments = kernel_cmd  # python -m ipykernel_launcher
        kernel = _Kernel(arguments, os.getcwd(), kw["env"])
        provisioner: Any = self.provisioner
        provisioner.process = kernel
        provisioner.pid = provisioner.pgid = kernel.pid


class _Kernel:
    """A process, with that part of the interface of `subprocess.Popen` which Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: Sequence[str], folder: str, environment: Mapping[str, str]):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_IMPORTED)
        self._process = context.Process(target=_run, args=(arguments, folder, dict(environment)))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.pid is not None and self.poll() is None:
            os.kill(self.pid, number)


def _run(arguments: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
    """Be a kernel: in a session of its own, and only as long as the process it was forked from."""
    from ipykernel.kernelapp import launch_new_instance

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({**environment, "JPY_PARENT_PID": str(os.getppid())})
    launch_new_instance(argv=arguments)
