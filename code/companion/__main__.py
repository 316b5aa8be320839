"""``python -m companion``: the commands behind the Makefile."""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

if __name__ == "__main__":
    # Ctrl-C ends the program at once. There is nothing to tidy up: what is on disk is whole at any
    # time, and all that a build has started ends with it. It is not left to Python, which ignores
    # SIGINT in what a shell runs in the background, and whose KeyboardInterrupt may get lost in a
    # library. And it comes first: what is loaded below takes seconds.
    TOLD = b"\ninterrupted; finished runs are kept, the site is as it was\n"
    signal.signal(signal.SIGINT, lambda *_: os.write(2, TOLD) and os._exit(130))
    # What is read is kept to the end, and there is no garbage to look for.
    gc.disable()

from filelock import FileLock, Timeout

from companion import commands
from companion.errors import BookError
from companion.project import Project
from companion.running.runs import SCALES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 after a failure that was reported on stderr."""
    options = parser().parse_args(arguments)
    try:
        project = Project(options.root.resolve())
        project.build.mkdir(parents=True, exist_ok=True)
        with FileLock(project.build / "lock", timeout=0):
            options.command(project, options)
    except Timeout:
        print("another build is under way in this folder", file=sys.stderr)
        return 1
    except BookError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        if isinstance(error, FileNotFoundError):  # an error of this program, unlike a full disk
            raise
        place = f" ({error.filename})" if error.filename else ""
        print(f"\n{error.strerror}{place}; the site is as it was", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m companion", description=__doc__)
    parser.set_defaults(scale="default")
    parser.add_argument("--root", type=Path, default=Path(), help="the checkout (default: here)")
    known = parser.add_subparsers(required=True)

    executing, changing, chosen = (argparse.ArgumentParser(add_help=False) for _ in range(3))
    executing.add_argument("--jobs", type=_positive, help="notebooks at a time")
    executing.add_argument("--timeout", type=_positive, default=900, help="seconds a cell may take")
    executing.add_argument("--fresh", action="store_true", help="reuse no earlier run")
    changing.add_argument("--scale", choices=SCALES, default="default", help="size of experiments")
    chosen.add_argument("notebooks", nargs="*", metavar="NOTEBOOK.ipynb")

    def add(
        command: Callable[[Project, argparse.Namespace], None], *options: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        added = known.add_parser(command.__name__, parents=options, help=command.__doc__)
        added.set_defaults(command=command)
        return added

    add(commands.book, executing, changing)
    add(commands.run, executing, changing, chosen)
    reference = add(commands.reference, executing, chosen)
    reference.add_argument("--figure", action="append", default=[], help="only this figure")
    reference.add_argument("--all", action="store_true", help="everything, looked at or not")
    add(commands.compare).add_argument("files", nargs="+", type=Path, metavar="FIGURE.npz")
    figure = add(commands.figure)
    figure.add_argument("name", help="lower-case words joined by hyphens")
    figure.add_argument("notebook", metavar="NOTEBOOK.ipynb")
    add(commands.formal).add_argument(
        "--check", action="store_true", help="write nothing; fail if the record would change"
    )
    for command in (commands.check, commands.pdf, commands.launch):
        add(command)
    return parser


def _positive(text: str) -> int:
    """Read a whole number of at least one."""
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number of at least 1 needed")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
