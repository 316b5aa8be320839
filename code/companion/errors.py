"""What the machine raises when a person can mend it."""


class BookError(Exception):
    """A command stopped for a reason the reader of the message can act on.

    The message may have several lines, one problem each.
    """
