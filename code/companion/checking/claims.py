"""The registry of claims: sentences of others, quoted briefly, each with a verdict and its reasons.

``book/claims.yml`` quotes texts that are not ours to reprint. What is committed of them is a
fingerprint: the hashes of all runs of three words, in order. It shows whether a quotation is in the
text, word for word, and reprints nothing of it.
"""

import hashlib
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.checking.statements import cell_exists, read_registry
from companion.errors import refuse
from companion.project import Project
from companion.source_files import form, read_text, read_yaml

VERDICTS = {
    "holds": "true as it stands, or a convention that this book shares",
    "holds with hypothesis": "true under hypotheses that the sentence does not name",
    "corrected": "right in part, or right once it is put differently",
    "refuted": "there is a proof that it cannot be so",
    "cannot be judged": "not decided by the texts that were at hand",
}
"""What can be said of a claim, kindest first."""

_RUN = 3  # words hashed together: fewer occur by chance, more would forbid short quotations
_DIGITS = 8  # of each hash: no two runs of words of one text will share them
_WORD = re.compile(r"[^\W_]+")
_OMISSION = "…"


@dataclass(frozen=True)
class Claim:
    """A claim, in the order of the registry; `number` counts from one.

    `sources` are keys of the registry's sources, `statements` labels of the book's statements,
    `cells` are given as ``notebook.ipynb#name``. `reason` is MyST.
    """

    key: str
    number: int
    title: str
    sources: Sequence[str]
    quote: str
    verdict: str
    reason: str
    statements: Sequence[str] = ()
    cells: Sequence[str] = ()

    @property
    def label(self) -> str:
        """The label of its entry, for links."""
        return f"claim-{self.key}"


@dataclass(frozen=True)
class Claims:
    """The registry: names of the sources by key, and the claims."""

    sources: Mapping[str, str]
    claims: tuple[Claim, ...]

    def names_of(self, claim: Claim) -> str:
        """Names of the sources of a claim."""
        return ", ".join(self.sources[source] for source in claim.sources)


def read_claims(path: Path) -> Claims:
    """Read the registry."""
    registry = read_yaml(path, form("claims"))
    sources, entries = registry.get("sources", {}), registry.get("claims", {})
    refuse(
        f"claims.yml: {key}: source {source!r} is not among the sources"
        for key, entry in entries.items()
        for source in entry["in"]
        if source not in sources
    )
    claims = []
    for number, (key, entry) in enumerate(entries.items(), 1):
        quote, said_in = " ".join(entry.pop("quote").split()), entry.pop("in")
        claims.append(Claim(key, number, sources=said_in, quote=quote, **entry))
    return Claims(sources, tuple(claims))


def check_claims(project: Project) -> None:
    """Check that every quotation occurs in its source, and that all reasons exist.

    A verdict names a statement, unless the claim cannot be judged; a correction or refutation names
    a cell as well.
    """
    if not project.claims.is_file():
        return
    labels = read_registry(project.statements).keys()
    refuse(
        f"claims.yml: {claim.key}: {problem}"
        for claim in read_claims(project.claims).claims
        for problem in (*_misquoted(project, claim), *_unfounded(project, claim, labels))
    )


def fingerprint(text: str) -> str:
    """Hashes of all runs of three words of a text, in order; punctuation and case do not count."""
    words = _WORD.findall(text.casefold())
    runs = (" ".join(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1))
    return " ".join(hashlib.sha256(run.encode()).hexdigest()[:_DIGITS] for run in runs)


def occurs(quote: str, whole: str) -> bool:
    """Whether the parts of a quotation occur in this order in the text of that fingerprint."""
    start = 0
    for part in quote.split(_OMISSION):
        wanted = fingerprint(part)
        start = whole.find(wanted, start) if wanted else -1
        if start < 0:
            return False
        start += len(wanted)
    return True


def _misquoted(project: Project, claim: Claim) -> Iterator[str]:
    for source in claim.sources:
        path = project.fingerprint(source)
        if not path.is_file():
            yield f"{source} has no fingerprint {project.name(path)}"
        elif not occurs(claim.quote, " ".join(read_text(path).split())):
            yield f"{source} does not say {claim.quote!r}, or not in {_RUN} words or more"


def _unfounded(project: Project, claim: Claim, labels: Container[str]) -> Iterator[str]:
    for label in claim.statements:
        if label not in labels:
            yield f"statement {label} is not registered"
    for cell in claim.cells:
        if not cell_exists(project, cell):
            yield f"cell {cell} does not exist"
    if not claim.statements and claim.verdict != "cannot be judged":
        yield f"the verdict {claim.verdict!r} needs a statement"
    if not claim.cells and claim.verdict in ("corrected", "refuted"):
        yield f"the verdict {claim.verdict!r} needs a cell"
