"""What the machine raises when a person can mend it."""

from collections.abc import Iterable


class BookError(Exception):
    """A command stopped for a reason on which the reader of the message can act.

    The message may have several lines, one problem each. Checks raise it, and return nothing.
    """


def refuse(problems: Iterable[str]) -> None:
    """Raise `BookError` with all the problems, one a line, unless there are none."""
    if text := "\n".join(problems):
        raise BookError(text)
