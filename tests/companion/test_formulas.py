import subprocess
import sys

import pytest

from companion.sphinx.formulas import plain_text, style_sheet, typeset


@pytest.mark.parametrize("tex", [r"\undefined", r"\frac{1}", r"\left( x", "x^a^b"])
def test_what_is_no_formula_is_refused(tex):
    with pytest.raises(ValueError, match=r"\w+"):
        typeset(tex, False)


def test_every_letter_has_its_style():
    html = typeset(r"\lambda_{\max}", True)
    assert 'display="true"' in html
    assert "<mi>λ</mi>" in html  # for listeners
    assert ".mjx-c1D706" in style_sheet()
    assert "mjx-c1D706" in html


def test_text_without_markup():
    assert plain_text(r"\lambda_{\max}(\theta) < 2") == "λmax(θ)<2"


def test_a_process_that_has_typeset_ends():
    code = "from companion.sphinx.formulas import typeset; typeset('x', False)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
