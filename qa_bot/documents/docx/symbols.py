"""Characters of symbol fonts, which Word names by font and number, as Unicode."""

_SYMBOL = (  # Adobe's Symbol encoding, from 0x20 to 0x7E and from 0xA1 to 0xFE
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"
    "[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\ufffd⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
)
_WINGDINGS = {
    0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x71: "☐", 0x73: "◆", 0x76: "❖", 0x78: "☒", 0x9F: "•",
    0xA7: "▪", 0xA8: "☐", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔",
    0xEF: "⇦", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐",
}  # fmt: skip


def symbol(font: str, code: int) -> str | None:
    """Return the character with a code in a font, or None if it is not known."""
    font, font_code = font.lower(), code & 0xFF if 0xF000 <= code <= 0xF0FF else code
    if font == "symbol":
        return _symbol_font(font_code)
    if font == "wingdings":
        return _WINGDINGS.get(font_code)
    if font == "wingdings 2":
        return _WINGDINGS_2.get(font_code)
    if 0xE000 <= code <= 0xF8FF or not 0x20 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return None
    return chr(code)


def _symbol_font(code: int) -> str | None:
    for start, characters in zip((0x20, 0xA1), _SYMBOL, strict=True):
        if start <= code < start + len(characters):
            return characters[code - start]
    return None
