"""What the commands say when the machine refuses, and what they leave to a traceback."""

from __future__ import annotations

import errno
import os

import pytest


def failing(number: int):
    def fail(*_):
        raise OSError(number, os.strerror(number), "a file")

    return fail


def test_what_the_machine_refuses_is_told_in_a_line(sources, refusal, monkeypatch):
    monkeypatch.setattr("companion.commands.check_sources", failing(errno.ENOSPC))
    told = refusal(sources.root, "book")
    assert told == "No space left on device (a file); the site is as it was"


def test_an_error_of_the_program_is_not_hidden(sources, refusal, monkeypatch):
    monkeypatch.setattr("companion.commands.check_sources", failing(errno.ENOENT))
    with pytest.raises(FileNotFoundError):
        refusal(sources.root)
