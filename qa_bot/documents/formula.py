"""Superscripts, subscripts and MathML as one line of text: 10⁻⁶, H₂O, (a + b)/2, 2^(1/2).

Digits that are set higher or lower never join the number beside them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from lxml import etree

MAX_ELEMENTS = 5_000  # of one formula
MAX_DEPTH = 60
_LONG = 20  # characters; nothing longer is an exponent or an index

_SUPERSCRIPTS = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPTS = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_SIMPLE = re.compile(r"[0-9+\-−–=()]+(?:, ?[0-9]+)*")  # what Unicode has raised and lowered
_ORDINALS = frozenset("st nd rd th er re e ème eme o a os as º ª de te me ste".split())
_ORDINAL_SIGNS = {"o": "º", "a": "ª"}
_PLAIN = re.compile(r"[^\W_⁰-₟²³¹]+")  # letters and digits on the line
_DECIMALS = re.compile(r"[.,][0-9]{1,2}")  # small pence: 12 and a raised .99


def raised(text: str, before: str, after: str = "") -> str:
    """Return a superscript as text that may follow ``before`` and be followed by ``after``."""
    text = " ".join(text.split())
    if _SIMPLE.fullmatch(text) or (text == "n" and before[-1:].isalnum()):
        return text.translate(_SUPERSCRIPTS)
    if not _joins(before) or not any(map(str.isalnum, text)):
        return text
    if text.isalpha() and not _is_exponent(text, before):
        return _ORDINAL_SIGNS.get(text, text) if before[-1:].isdigit() else text
    if _DECIMALS.fullmatch(text) and before[-1:].isdigit():
        return text
    return _marked("^", text, after)


def lowered(text: str, before: str, after: str = "") -> str:
    """Return a subscript as text that may follow ``before`` and be followed by ``after``."""
    text = " ".join(text.split())
    if _SIMPLE.fullmatch(text):
        return text.translate(_SUBSCRIPTS)
    if not _joins(before) or not any(map(str.isalnum, text)):
        return text
    return _marked("_", text, after)


def _joins(before: str) -> bool:
    return before[-1:].isalnum() or before[-1:] in tuple(")]}|")


def _is_exponent(letters: str, before: str) -> bool:
    """Whether raised letters are an exponent (2ⁿ, eˣ), and not part of a word (5th, Mlle)."""
    if before[-1:].isdigit():
        return letters not in _ORDINALS
    word = re.search(r"[^\W\d_]*\Z", before[-_LONG:])
    return len(letters) == 1 and word is not None and len(word[0]) == 1 and word[0].islower()


def _marked(sign: str, text: str, after: str) -> str:
    if len(text) > _LONG or re.search(r"[^\W\d_]{2} ", text):
        return f" {text}"  # small print
    return f"{sign}({text})" if after[:1].isalnum() else _tied(sign, text)


class _UnreadableError(Exception):
    """A formula has a part that is no line of text."""


def formula_text(math: etree._Element) -> str | None:
    """Return a ``<math>`` element as a line of text; None when it cannot be one.

    Its ``alttext`` stands in for content that cannot be read.
    """
    text = ""
    if not any(True for _ in islice(math.iter(), MAX_ELEMENTS, None)):
        try:
            text = _row(math, 0)
        except _UnreadableError:
            text = ""
    text = " ".join((text or math.get("alttext", "")).split())
    return text or None


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace or prefix."""
    return re.split("[:}]", element.tag)[-1]


# A part of a row: what kind of element it comes from, and its text.
_Part = tuple[str, str]

_LEFT_OUT = frozenset({"annotation", "annotation-xml", "mphantom", "none", "mprescripts"})
_UNREADABLE = frozenset({"merror", "mlongdiv", "mstack", "mglyph", "msgroup", "mscarries"})
_SPACED = frozenset(
    "= < > ≤ ≥ ≈ ≠ ≡ ± ∓ × ÷ · ∙ ⋅ → ← ↔ ⇒ ⇔ ∈ ∉ ⊂ ⊆ ∪ ∩ ∼ ~ ≃ ≅ ∝ + - − * := : | ∣".split()
)
_SIGNS = frozenset("+ - − ± ∓ * :".split())  # may stand before a number
_OPENING = frozenset("( [ { ⟨ ⌊ ⌈ ,".split())
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
_STRIKES = ("strike", "crossout")  # in the notation of what is struck out
_BRACES = frozenset("⏞⏟⏠⏡︷︸")


def _row(element: etree._Element, depth: int) -> str:
    return _joined(_parts(element, depth))


def _parts(element: etree._Element, depth: int) -> Iterator[_Part]:
    if depth > MAX_DEPTH:
        raise _UnreadableError
    for child in element.iterchildren("*"):
        kind = local_name(child)
        if kind in _UNREADABLE:
            raise _UnreadableError
        if kind not in _LEFT_OUT:
            yield kind, _READERS.get(kind, _row)(child, depth + 1)


def _joined(parts: Iterable[_Part]) -> str:
    """Join the parts of a row, so that no two of them make one number or one word."""
    text, kept = "", [part for part in parts if part[1]]
    for at, (kind, part) in enumerate(kept):
        before = kept[at - 1][0] if at else ""
        following = kept[at + 1][1] if at + 1 < len(kept) else ""
        if kind == "mo" and part in _INVISIBLE:
            digits = text[-1:].isdigit() and following[:1].isdigit()
            part = _INVISIBLE[part] if digits else ""
        elif kind == "mo" and part in _SPACED and not _is_sign(part, text):
            part = f" {part} "
        elif kind == "mfrac" and (text[-1:].isalnum() or following[:1].isalnum()):
            part = part if re.fullmatch("[0-9]+/[0-9]+", part) and before == "mn" else f"({part})"
        text += " " + part if _is_apart(text, before, kind, part) else part
    return text


def _is_sign(operator: str, text: str) -> bool:
    """Whether an operator belongs to what follows it, as that of −3 does."""
    return operator in _SIGNS and (not text.strip() or text.rstrip()[-1] in _OPENING | _SPACED)


def _is_apart(text: str, before: str, kind: str, part: str) -> bool:
    """Whether a blank must part two parts that follow each other."""
    if not (text[-1:].isalnum() and (part[:1].isalnum() or part[:1] in "(√")):
        return False
    if part[:1] in "(√":
        return kind in ("mfrac", "mroot", "msqrt") and text[-1:].isdigit()
    long = _LAST_WORD.search(text) is not None or _FIRST_WORD.match(part) is not None
    number = before == "mn" and kind in ("mn", "mover")
    return long or (part[0].isdigit() and not number) or before in _SCRIPTED


def _token(element: etree._Element, depth: int) -> str:
    if any(True for _ in element.iterchildren("*")):
        raise _UnreadableError
    return " ".join((element.text or "").split())


def _written(element: etree._Element, depth: int) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext()))


def _children(element: etree._Element, depth: int, count: int) -> list[str]:
    """Return the texts of an element that has as many children as its kind needs."""
    if depth > MAX_DEPTH:
        raise _UnreadableError
    children = [child for child in element.iterchildren("*")]
    if len(children) != count:
        raise _UnreadableError
    return [_one(child, depth) for child in children]


def _one(element: etree._Element, depth: int) -> str:
    kind = local_name(element)
    if kind in _UNREADABLE:
        raise _UnreadableError
    return "" if kind in _LEFT_OUT else _READERS.get(kind, _row)(element, depth + 1)


def _based(base: str) -> str:
    """Return what a script or a fraction bar belongs to as one thing, in brackets if need be."""
    whole = base[:1] in tuple("([{|") and base[-1:] in tuple(")]}|")
    return base if whole or not re.search(r"[\s/·^_√]", base) else f"({base})"


def _up(text: str) -> str:
    if not text or not any(map(str.isalnum, text)):
        return text
    return text.translate(_SUPERSCRIPTS) if _SIMPLE.fullmatch(text) else _tied("^", text)


def _down(text: str) -> str:
    return text.translate(_SUBSCRIPTS) if _SIMPLE.fullmatch(text) else _tied("_", text)


def _tied(sign: str, text: str) -> str:
    if not text:
        return ""
    return f"{sign}{text}" if _PLAIN.fullmatch(text) else f"{sign}({text})"


def _superscript(element: etree._Element, depth: int) -> str:
    base, up = _children(element, depth, 2)
    return _based(base) + _up(up)


def _subscript(element: etree._Element, depth: int) -> str:
    base, down = _children(element, depth, 2)
    return _based(base) + _down(down)


def _both(element: etree._Element, depth: int) -> str:
    base, down, up = _children(element, depth, 3)
    return _based(base) + _down(down) + _up(up)


def _over(element: etree._Element, depth: int) -> str:
    base, over = _children(element, depth, 2)
    if over in _BRACES:
        return base
    if over in _ACCENTS:
        if len(base) > 3:
            raise _UnreadableError
        return "".join(character + _ACCENTS[over] for character in base)
    return _based(base) + _up(over)


def _under(element: etree._Element, depth: int) -> str:
    base, under = _children(element, depth, 2)
    return base if under in _BRACES else _based(base) + _down(under)


def _fraction(element: etree._Element, depth: int) -> str:
    above, below = _children(element, depth, 2)
    if re.match(r"0+(?![0-9.])", element.get("linethickness", "")):
        return f"({above} over {below})"
    return f"{_based(above)}/{_based(below)}"


def _square_root(element: etree._Element, depth: int) -> str:
    return _rooted("", _row(element, depth))


def _any_root(element: etree._Element, depth: int) -> str:
    content, index = _children(element, depth, 2)
    return _rooted("" if index in ("", "2") else index, content)


def _rooted(index: str, content: str) -> str:
    sign = {"": "√", "3": "∛", "4": "∜"}.get(index, f"root_{index} of ")
    return sign + (content if len(content) == 1 or content.isdecimal() else f"({content})")


def _fenced(element: etree._Element, depth: int) -> str:
    texts = [_one(child, depth) for child in element.iterchildren("*")]
    separators = "".join(element.get("separators", ",").split())
    text = texts[0] if texts else ""
    for at, following in enumerate(texts[1:]):
        text += (separators[min(at, len(separators) - 1)] if separators else "") + " " + following
    return f"{element.get('open', '(')}{text}{element.get('close', ')')}"


def _enclosed(element: etree._Element, depth: int) -> str:
    notation = element.get("notation", "longdiv")
    if any(strike in notation for strike in _STRIKES):
        return ""  # struck out
    if "longdiv" in notation:
        raise _UnreadableError
    return _rooted("", _row(element, depth)) if "radical" in notation else _row(element, depth)


def _table(element: etree._Element, depth: int) -> str:
    rows = [row for row in element.iterchildren("*") if local_name(row) in ("mtr", "mlabeledtr")]
    cells = ([_one(cell, depth) for cell in row.iterchildren("*")] for row in rows)
    return "; ".join("  ".join(filter(None, row)) for row in cells)


def _scripts(element: etree._Element, depth: int) -> str:
    """Read scripts on both sides of a base, as of ¹⁴₆C."""
    children = list(element.iterchildren("*"))
    if not children:
        return ""
    names = [local_name(child) for child in children]
    split = names.index("mprescripts") if "mprescripts" in names else len(names)
    texts = [_one(child, depth) for child in children]
    behind, ahead = texts[1:split], texts[split + 1 :]
    if len(behind) % 2 or len(ahead) % 2:
        raise _UnreadableError
    return _pairs(ahead) + _based(texts[0]) + _pairs(behind)


def _pairs(texts: list[str]) -> str:
    return "".join(_down(down) + _up(up) for down, up in zip(texts[::2], texts[1::2], strict=True))


def _first(element: etree._Element, depth: int) -> str:
    """Read the first of several forms of one thing."""
    return next((_one(child, depth) for child in element.iterchildren("*")), "")


_READERS: dict[str, Callable[[etree._Element, int], str]] = {
    "mi": _token,
    "mn": _token,
    "mo": _token,
    "ms": _written,
    "mtext": _written,
    "mspace": lambda element, depth: " ",
    "semantics": _first,
    "maction": _first,
    "msup": _superscript,
    "msub": _subscript,
    "msubsup": _both,
    "munder": _under,
    "mover": _over,
    "munderover": _both,
    "mmultiscripts": _scripts,
    "mfrac": _fraction,
    "msqrt": _square_root,
    "mroot": _any_root,
    "mfenced": _fenced,
    "menclose": _enclosed,
    "mtable": _table,
}
