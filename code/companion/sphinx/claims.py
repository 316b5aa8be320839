"""Show the registry of claims: directives ``claim-table``, ``claim-list``, role ``claim-count``."""

from typing import cast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from companion.checking.claims import VERDICTS, Claim, Claims, read_claims
from companion.sphinx.elements import badge, cell_link, depended_on, separated, table

_logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    app.add_directive("claim-table", _TableDirective)
    app.add_directive("claim-list", _ListDirective)
    app.add_directive("claim-verdicts", _VerdictsDirective)
    app.add_role("claim-count", _CountRole())


def _claims(env: BuildEnvironment) -> Claims:
    return read_claims(depended_on(env, "book/claims.yml"))


class _CountRole(SphinxRole):
    """``{claim-count}`refuted` ``: how many claims have this verdict, or ``all``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        verdicts = [claim.verdict for claim in _claims(self.env).claims]
        if self.text != "all" and self.text not in VERDICTS:
            _logger.warning(f"no verdict {self.text!r}", location=self.get_location())
        count = len(verdicts) if self.text == "all" else verdicts.count(self.text)
        return [nodes.inline("", str(count), classes=["number"])], []


class _VerdictsDirective(SphinxDirective):
    """What each verdict means, and how often it was given."""

    def run(self) -> list[nodes.Node]:
        given = [claim.verdict for claim in _claims(self.env).claims]
        whole = nodes.container(classes=["claim-verdicts"])
        for verdict, meaning in VERDICTS.items():
            words = nodes.Text(f" ({given.count(verdict)}): {meaning}")
            whole += nodes.paragraph("", "", badge(verdict, "verdict"), words)
        return [whole]


class _TableDirective(SphinxDirective):
    """All claims in one table; each line leads to the entry."""

    def run(self) -> list[nodes.Node]:
        registry = _claims(self.env)
        rows = [
            (
                str(claim.number),
                nodes.reference("", claim.title, refid=claim.label, internal=True),
                registry.names_of(claim),
                badge(claim.verdict, "verdict"),
            )
            for claim in registry.claims
        ]
        columns = {"No.": 8, "Claim": 46, "Source": 18, "Verdict": 28}
        return [table(columns, rows, "claim-table", "sortable")]


class _ListDirective(SphinxDirective):
    """The entries of the claims whose first source is one of the arguments."""

    required_arguments = 1
    optional_arguments = 9

    def run(self) -> list[nodes.Node]:
        registry = _claims(self.env)
        if unknown := sorted(set(self.arguments) - set(registry.sources)):
            raise self.error(f"{', '.join(unknown)}: no such source in claims.yml")
        return [
            self._entry(claim, registry.names_of(claim))
            for claim in registry.claims
            if claim.sources[0] in self.arguments
        ]

    def _entry(self, claim: Claim, sources: str) -> nodes.container:
        # Let ``{ref}`claim-…` `` give "claim 7", from any page.
        domain = cast(StandardDomain, self.env.get_domain("std"))
        place = (self.env.docname, claim.label)
        domain.anonlabels[claim.label] = place
        domain.labels[claim.label] = (*place, f"claim {claim.number}")

        entry = nodes.container(classes=["claim"], ids=[claim.label])
        title = nodes.strong("", f"{claim.number}. {claim.title}")
        verdict = badge(claim.verdict, "verdict")
        entry += nodes.paragraph("", "", title, nodes.Text(" "), verdict, classes=["claim-heading"])
        quoted = [*self.parse_inline(f"“{claim.quote}”")[0], nodes.Text(" ")]
        source = nodes.inline("", sources, classes=["claim-source"])
        entry += nodes.block_quote("", nodes.paragraph("", "", *quoted, source))
        entry += self.parse_text_to_nodes(claim.reason)
        footer = nodes.container(classes=["statement-footer"])
        if claim.statements:
            links = ", ".join(f"{{prf:ref}}`{label}`" for label in claim.statements)
            footer += nodes.paragraph("", "", *self.parse_inline(f"Statements: {links}")[0])
        if claim.cells:
            cells = (cell_link(self.env, cell, "{name} in {notebook}") for cell in claim.cells)
            footer += nodes.paragraph("", "Cells: ", *separated(cells))
        entry += footer
        return entry
