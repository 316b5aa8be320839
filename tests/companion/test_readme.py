"""What the README shows is true: its code runs, its commands and files exist."""

from __future__ import annotations

import re

import pytest

from toy import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
MAKEFILE = (REPOSITORY / "Makefile").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_code_runs(block):
    lines = block.strip().splitlines()
    *body, last = lines
    namespace: dict[str, object] = {}
    exec("\n".join(body), namespace)
    assert last.startswith("certificate.verify()")
    assert eval("certificate.verify()", namespace) is True


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)))
)
def test_commands_exist(target):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w./-]+)\)", README))
def test_linked_files_exist(path):
    assert (REPOSITORY / path).exists()


def test_every_documented_target_is_phony_or_a_file():
    documented = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
    assert len(documented) > 10
    for target in documented:
        assert f".PHONY: {target}\n" in MAKEFILE
