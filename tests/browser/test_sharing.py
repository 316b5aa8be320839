"""Tests in several processes neither repeat what was seen nor disturb who measures."""

from __future__ import annotations

import multiprocessing
import time

from sharing import Room, once_for_all


def _note(folder, name: str, quiet: bool) -> None:
    with Room(folder).entered() as alone:
        if quiet:
            alone()
        with (folder / "log").open("a") as log:
            log.write(f"{name} in\n")
            log.flush()
            time.sleep(0.3)
            log.write(f"{name} out\n")


def _log(folder, *quiet: bool) -> list[str]:
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_note, args=(folder, str(number), each))
        for number, each in enumerate(quiet)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    return (folder / "log").read_text().splitlines()


def test_who_measures_is_alone(tmp_path):
    log = _log(tmp_path, True, False, True, False, True)
    assert len(log) == 10
    for number in "024":
        at = log.index(f"{number} in")
        assert log[at + 1] == f"{number} out"


def test_what_was_seen_is_made_once(tmp_path):
    made = []

    def make() -> str:
        made.append(1)
        return "seen"

    assert [once_for_all(tmp_path / "deep" / "kept", make) for _ in range(3)] == ["seen"] * 3
    assert made == [1]
