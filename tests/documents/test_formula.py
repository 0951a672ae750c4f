"""Formulas become one line of text, and no two numbers in them merge."""

import pytest
from lxml import etree

from qa_bot.documents.formula import MAX_DEPTH, MAX_ELEMENTS, formula_text, subscript, superscript


def text_of(mathml: str) -> str | None:
    return formula_text(etree.fromstring(f"<math>{mathml}</math>"))


@pytest.mark.parametrize(
    ("before", "text", "whole"),
    [
        ("10", "-6", "10⁻⁶"),
        ("10", "−6", "10⁻⁶"),
        ("12 km", "2", "12 km²"),
        ("2", "1/2", "2^(1/2)"),
        ("2", "n", "2ⁿ"),
        ("2", "k", "2^k"),
        ("e", "x", "e^x"),
        ("3", "n+1", "3^(n+1)"),
        ("5", "2³", "5^(2³)"),
        ("5", "th", "5th"),
        ("M", "lle", "Mlle"),
        ("M", "c", "Mc"),
        ("20", "o", "20º"),
        ("12", ".99", "12.99"),
        ("1", "50", "1⁵⁰"),
        ("Na", "+", "Na⁺"),
        ("crowns", "1,2", "crowns¹,²"),
        ("word", "*", "word*"),
        ("100", "see the note", "100 see the note"),
        ("", "14", "¹⁴"),
    ],
)
def test_superscripts(before: str, text: str, whole: str) -> None:
    assert before + superscript(text, before) == whole


@pytest.mark.parametrize(
    ("before", "text", "whole"),
    [
        ("H", "2", "H₂"),
        ("x", "12", "x₁₂"),
        ("v", "max", "v_max"),
        ("a", "i,j", "a_(i,j)"),
        ("x ", "n", "x n"),
    ],
)
def test_subscripts(before: str, text: str, whole: str) -> None:
    assert before + subscript(text, before) == whole


def test_what_follows_a_script_does_not_join_it() -> None:
    assert superscript("k", "2", after="3") == "^(k)"
    assert subscript("a", "2", after="3") == "_(a)"


@pytest.mark.parametrize(
    ("mathml", "text"),
    [
        ("<mi>F</mi><mo>=</mo><mn>3.2</mn><mi>v</mi>", "F = 3.2v"),
        ("<msup><mn>10</mn><mrow><mo>-</mo><mn>6</mn></mrow></msup>", "10⁻⁶"),
        ("<msup><mn>2</mn><mfrac><mn>1</mn><mn>2</mn></mfrac></msup>", "2^(1/2)"),
        ("<mn>2</mn><mfrac><mn>1</mn><mn>2</mn></mfrac>", "2 1/2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a + b)/2"),
        ("<mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac>", "(n over k)"),
        ("<mn>2</mn><mo>\u2062</mo><mn>3</mn>", "2·3"),
        ("<mn>2</mn><mo>\u2062</mo><mi>a</mi>", "2a"),
        ("<mi>x</mi><mn>2</mn>", "x 2"),
        ("<mi>sin</mi><mo>\u2061</mo><mi>x</mi>", "sin x"),
        ("<msub><mi>v</mi><mi>max</mi></msub><mi>t</mi>", "v_max t"),
        ("<mi>x</mi><mo>=</mo><mo>−</mo><mn>3</mn>", "x = −3"),
        ("<msqrt><mn>2</mn></msqrt>", "√2"),
        ("<mn>3</mn><msqrt><mn>5</mn></msqrt>", "3 √5"),
        ("<mroot><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow><mn>3</mn></mroot>", "∛(x + 1)"),
        ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x₁²"),
        ("<munder><mi>lim</mi><mi>n</mi></munder>", "lim_n"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", "x\u0305"),
        ("<mfenced><mi>x</mi><mi>y</mi></mfenced>", "(x, y)"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr></mtable>", "1 0"),
        ("<mmultiscripts><mi>C</mi><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>", "₆¹⁴C"),
        ("<menclose notation='updiagonalstrike'><mn>4</mn></menclose><mn>5</mn>", "5"),
        ("<mphantom><mn>4</mn></mphantom><mn>5</mn>", "5"),
        ("<semantics><mn>5</mn><annotation>\\five</annotation></semantics>", "5"),
        ("<mtext>for all </mtext><mi>x</mi>", "for all x"),
    ],
)
def test_mathml(mathml: str, text: str) -> None:
    assert text_of(mathml) == text


def test_the_author_s_text_stands_in_for_what_cannot_be_read() -> None:
    broken = etree.fromstring("<math alttext='a over b'><mfrac><mn>1</mn></mfrac></math>")
    assert formula_text(broken) == "a over b"
    del broken.attrib["alttext"]
    assert formula_text(broken) is None
    assert text_of("") is None


def test_a_formula_made_to_take_for_ever_is_not_read() -> None:
    assert text_of("<mrow>" * (MAX_DEPTH + 9) + "<mn>1</mn>" + "</mrow>" * (MAX_DEPTH + 9)) is None
    assert text_of("<mn>1</mn>" * (MAX_ELEMENTS + 9)) is None
