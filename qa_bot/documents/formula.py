"""Write superscripts, subscripts and MathML as one line of text: 10⁻⁶, H₂O, (a + b)/2, 2^(1/2).

Raised or lowered digits never merge with the number beside them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from lxml import etree

MAX_ELEMENTS = 5_000  # in one formula
MAX_DEPTH = 60  # nested elements
_MAX_SCRIPT = 20  # characters; a longer superscript or subscript is small print

_SUPERSCRIPTS = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPTS = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_NUMERIC = re.compile(r"[0-9+\-−–=()]+(?:, ?[0-9]+)*")  # Unicode has scripts of these characters
_ORDINALS = frozenset("st nd rd th er re e ème eme o a os as º ª de te me ste".split())
_ORDINAL_SIGNS = {"o": "º", "a": "ª"}
_ALPHANUMERIC = re.compile(r"[^\W_⁰-₟²³¹]+")  # letters and digits, but no Unicode scripts
_DECIMALS = re.compile(r"[.,][0-9]{1,2}")  # raised decimals in prices: 12 and a raised .99


def superscript(text: str, before: str, after: str = "") -> str:
    """Return a superscript in a sentence as text to put between ``before`` and ``after``."""
    text = " ".join(text.split())
    if _NUMERIC.fullmatch(text) or (text == "n" and before[-1:].isalnum()):
        return text.translate(_SUPERSCRIPTS)
    if not _takes_script(before) or not any(map(str.isalnum, text)):
        return text
    if text.isalpha() and not _is_exponent(text, before):
        return _ORDINAL_SIGNS.get(text, text) if before[-1:].isdigit() else text
    if _DECIMALS.fullmatch(text) and before[-1:].isdigit():
        return text
    return _as_script("^", text, after)


def subscript(text: str, before: str, after: str = "") -> str:
    """Return a subscript in a sentence as text to put between ``before`` and ``after``."""
    text = " ".join(text.split())
    if _NUMERIC.fullmatch(text):
        return text.translate(_SUBSCRIPTS)
    if not _takes_script(before) or not any(map(str.isalnum, text)):
        return text
    return _as_script("_", text, after)


def _takes_script(before: str) -> bool:
    """Whether a text ends in something that can have an exponent or an index."""
    return before[-1:].isalnum() or before[-1:] in tuple(")]}|")


def _is_exponent(letters: str, before: str) -> bool:
    """Whether raised letters are an exponent (2ⁿ, eˣ) rather than part of a word (5th, Mlle)."""
    if before[-1:].isdigit():
        return letters not in _ORDINALS
    word = re.search(r"[^\W\d_]*\Z", before[-_MAX_SCRIPT:])
    return len(letters) == 1 and word is not None and len(word[0]) == 1 and word[0].islower()


def _as_script(operator: str, text: str, after: str) -> str:
    if len(text) > _MAX_SCRIPT or re.search(r"[^\W\d_]{2} ", text):
        return f" {text}"  # small print
    return f"{operator}({text})" if after[:1].isalnum() else _with_operator(operator, text)


class _UnreadableError(Exception):
    """Part of a formula cannot be written as a line of text."""


def formula_text(math: etree._Element) -> str | None:
    """Return a ``<math>`` element as a line of text, or None if that is impossible.

    ``alttext`` replaces content that cannot be read.
    """
    text = ""
    if not any(True for _ in islice(math.iter(), MAX_ELEMENTS, None)):
        try:
            text = _read_row(math, 0)
        except _UnreadableError:
            text = ""
    text = " ".join((text or math.get("alttext", "")).split())
    return text or None


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace or prefix."""
    return re.split("[:}]", element.tag)[-1]


# A part of a row: the name of its element, and its text.
_Part = tuple[str, str]

_IGNORED = frozenset({"annotation", "annotation-xml", "mphantom", "none", "mprescripts"})
_UNREADABLE = frozenset({"merror", "mlongdiv", "mstack", "mglyph", "msgroup", "mscarries"})
_SPACED_OPERATORS = frozenset(
    "= < > ≤ ≥ ≈ ≠ ≡ ± ∓ × ÷ · ∙ ⋅ → ← ↔ ⇒ ⇔ ∈ ∉ ⊂ ⊆ ∪ ∩ ∼ ~ ≃ ≅ ∝ + - − * := : | ∣".split()
)
_SIGNS = frozenset("+ - − ± ∓ * :".split())  # operators that may be the sign of a number
_BEFORE_SIGN = frozenset("( [ { ⟨ ⌊ ⌈ ,".split())
_INVISIBLE = {"\u2061": "", "\u2062": "·", "\u2063": ",", "\u2064": "+"}
_ACCENTS = {
    **dict.fromkeys("¯‾―_ˉ", "\u0305"),
    **dict.fromkeys("^ˆ", "\u0302"),
    **dict.fromkeys("~˜∼", "\u0303"),
    **dict.fromkeys("→⃗⇀", "\u20d7"),
    "˙": "\u0307",
    ".": "\u0307",
    "¨": "\u0308",
}
_SCRIPTED = frozenset("msub msup msubsup munder munderover mmultiscripts mfrac".split())
_LETTER = r"[^\W\d_⁰-₟²³¹]"
_FIRST_WORD, _LAST_WORD = re.compile(_LETTER + "{2}"), re.compile(_LETTER + r"{2}\Z")
_STRIKES = ("strike", "crossout")  # parts of notations that strike content out
_BRACES = frozenset("⏞⏟⏠⏡︷︸")


def _read_row(element: etree._Element, depth: int) -> str:
    return _join_parts(_formula_parts(element, depth))


def _formula_parts(element: etree._Element, depth: int) -> Iterator[_Part]:
    if depth > MAX_DEPTH:
        raise _UnreadableError
    for child in element.iterchildren("*"):
        name = local_name(child)
        if name in _UNREADABLE:
            raise _UnreadableError
        if name not in _IGNORED:
            yield name, _READERS.get(name, _read_row)(child, depth + 1)


def _join_parts(parts: Iterable[_Part]) -> str:
    """Join the parts of a row; no two of them may merge into one number or one word."""
    text, nonempty = "", [part for part in parts if part[1]]
    for at, (name, part) in enumerate(nonempty):
        name_before = nonempty[at - 1][0] if at else ""
        after = nonempty[at + 1][1] if at + 1 < len(nonempty) else ""
        if name == "mo" and part in _INVISIBLE:
            is_between_digits = text[-1:].isdigit() and after[:1].isdigit()
            part = _INVISIBLE[part] if is_between_digits else ""
        elif name == "mo" and part in _SPACED_OPERATORS and not _is_sign(part, text):
            part = f" {part} "
        elif name == "mfrac" and (text[-1:].isalnum() or after[:1].isalnum()):
            is_mixed_number = re.fullmatch("[0-9]+/[0-9]+", part) and name_before == "mn"
            part = part if is_mixed_number else f"({part})"
        text += " " + part if _needs_space(text, name_before, name, part) else part
    return text


def _is_sign(operator: str, before: str) -> bool:
    """Whether an operator is the sign of the number after it, as in −3."""
    before = before.rstrip()
    return operator in _SIGNS and (not before or before[-1] in _BEFORE_SIGN | _SPACED_OPERATORS)


def _needs_space(before: str, name_before: str, name: str, part: str) -> bool:
    """Whether a space must separate a part from the text before it."""
    if not (before[-1:].isalnum() and (part[:1].isalnum() or part[:1] in "(√")):
        return False
    if part[:1] in "(√":
        return name in ("mfrac", "mroot", "msqrt") and before[-1:].isdigit()
    is_word = _LAST_WORD.search(before) is not None or _FIRST_WORD.match(part) is not None
    is_number = name_before == "mn" and name in ("mn", "mover")
    return is_word or (part[0].isdigit() and not is_number) or name_before in _SCRIPTED


def _read_token(element: etree._Element, depth: int) -> str:
    if any(True for _ in element.iterchildren("*")):
        raise _UnreadableError
    return " ".join((element.text or "").split())


def _element_text(element: etree._Element, depth: int) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext()))


def _child_texts(element: etree._Element, depth: int, count: int) -> list[str]:
    """Return the texts of the children of an element, which must have ``count`` of them."""
    if depth > MAX_DEPTH:
        raise _UnreadableError
    children = [child for child in element.iterchildren("*")]
    if len(children) != count:
        raise _UnreadableError
    return [_read_element(child, depth) for child in children]


def _read_element(element: etree._Element, depth: int) -> str:
    name = local_name(element)
    if name in _UNREADABLE:
        raise _UnreadableError
    return "" if name in _IGNORED else _READERS.get(name, _read_row)(element, depth + 1)


def _bracketed(operand: str) -> str:
    """Return the operand of a script or a fraction bar, in brackets if it is more than one term."""
    has_brackets = operand[:1] in tuple("([{|") and operand[-1:] in tuple(")]}|")
    return operand if has_brackets or not re.search(r"[\s/·^_√]", operand) else f"({operand})"


def _exponent(text: str) -> str:
    if not text or not any(map(str.isalnum, text)):
        return text
    return text.translate(_SUPERSCRIPTS) if _NUMERIC.fullmatch(text) else _with_operator("^", text)


def _index(text: str) -> str:
    return text.translate(_SUBSCRIPTS) if _NUMERIC.fullmatch(text) else _with_operator("_", text)


def _with_operator(operator: str, text: str) -> str:
    if not text:
        return ""
    return f"{operator}{text}" if _ALPHANUMERIC.fullmatch(text) else f"{operator}({text})"


def _read_msup(element: etree._Element, depth: int) -> str:
    base, exponent = _child_texts(element, depth, 2)
    return _bracketed(base) + _exponent(exponent)


def _read_msub(element: etree._Element, depth: int) -> str:
    base, index = _child_texts(element, depth, 2)
    return _bracketed(base) + _index(index)


def _read_msubsup(element: etree._Element, depth: int) -> str:
    base, index, exponent = _child_texts(element, depth, 3)
    return _bracketed(base) + _index(index) + _exponent(exponent)


def _read_mover(element: etree._Element, depth: int) -> str:
    base, over = _child_texts(element, depth, 2)
    if over in _BRACES:
        return base
    if over in _ACCENTS:
        if len(base) > 3:
            raise _UnreadableError
        return "".join(character + _ACCENTS[over] for character in base)
    return _bracketed(base) + _exponent(over)


def _read_munder(element: etree._Element, depth: int) -> str:
    base, under = _child_texts(element, depth, 2)
    return base if under in _BRACES else _bracketed(base) + _index(under)


def _read_mfrac(element: etree._Element, depth: int) -> str:
    numerator, denominator = _child_texts(element, depth, 2)
    if re.match(r"0+(?![0-9.])", element.get("linethickness", "")):
        return f"({numerator} over {denominator})"  # a binomial coefficient
    return f"{_bracketed(numerator)}/{_bracketed(denominator)}"


def _read_msqrt(element: etree._Element, depth: int) -> str:
    return _root_text("", _read_row(element, depth))


def _read_mroot(element: etree._Element, depth: int) -> str:
    radicand, degree = _child_texts(element, depth, 2)
    return _root_text("" if degree in ("", "2") else degree, radicand)


def _root_text(degree: str, radicand: str) -> str:
    sign = {"": "√", "3": "∛", "4": "∜"}.get(degree, f"root_{degree} of ")
    return sign + (radicand if len(radicand) == 1 or radicand.isdecimal() else f"({radicand})")


def _read_mfenced(element: etree._Element, depth: int) -> str:
    texts = [_read_element(child, depth) for child in element.iterchildren("*")]
    separators = "".join(element.get("separators", ",").split())
    text = texts[0] if texts else ""
    for at, item in enumerate(texts[1:]):
        text += (separators[min(at, len(separators) - 1)] if separators else "") + " " + item
    return f"{element.get('open', '(')}{text}{element.get('close', ')')}"


def _read_menclose(element: etree._Element, depth: int) -> str:
    notation = element.get("notation", "longdiv")
    if any(strike in notation for strike in _STRIKES):
        return ""  # struck out
    if "longdiv" in notation:
        raise _UnreadableError
    return (
        _root_text("", _read_row(element, depth))
        if "radical" in notation
        else _read_row(element, depth)
    )


def _read_mtable(element: etree._Element, depth: int) -> str:
    rows = [row for row in element.iterchildren("*") if local_name(row) in ("mtr", "mlabeledtr")]
    cells = ([_read_element(cell, depth) for cell in row.iterchildren("*")] for row in rows)
    return "; ".join("  ".join(filter(None, row)) for row in cells)


def _read_mmultiscripts(element: etree._Element, depth: int) -> str:
    """Read scripts on both sides of a base, as in ¹⁴₆C."""
    children = list(element.iterchildren("*"))
    if not children:
        return ""
    names = [local_name(child) for child in children]
    split = names.index("mprescripts") if "mprescripts" in names else len(names)
    texts = [_read_element(child, depth) for child in children]
    after_base, before_base = texts[1:split], texts[split + 1 :]
    if len(after_base) % 2 or len(before_base) % 2:
        raise _UnreadableError
    return _script_pairs(before_base) + _bracketed(texts[0]) + _script_pairs(after_base)


def _script_pairs(texts: list[str]) -> str:
    pairs = zip(texts[::2], texts[1::2], strict=True)
    return "".join(_index(index) + _exponent(exponent) for index, exponent in pairs)


def _read_first(element: etree._Element, depth: int) -> str:
    """Read the first of several alternative forms of the same content."""
    return next((_read_element(child, depth) for child in element.iterchildren("*")), "")


_READERS: dict[str, Callable[[etree._Element, int], str]] = {
    "mi": _read_token,
    "mn": _read_token,
    "mo": _read_token,
    "ms": _element_text,
    "mtext": _element_text,
    "mspace": lambda element, depth: " ",
    "semantics": _read_first,
    "maction": _read_first,
    "msup": _read_msup,
    "msub": _read_msub,
    "msubsup": _read_msubsup,
    "munder": _read_munder,
    "mover": _read_mover,
    "munderover": _read_msubsup,
    "mmultiscripts": _read_mmultiscripts,
    "mfrac": _read_mfrac,
    "msqrt": _read_msqrt,
    "mroot": _read_mroot,
    "mfenced": _read_mfenced,
    "menclose": _read_menclose,
    "mtable": _read_mtable,
}
