"""Languages are told by their commonest words."""

import pytest

from qa_bot.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The mill was sold in 1902 to a smith.", "en"),
        ("Die Mühle wurde 1902 an den Schmied verkauft und ist nicht alt.", "de"),
        ("Le moulin est dans la ville et il a été vendu.", "fr"),
        ("El molino de la ciudad fue vendido en el año 1902 y no se usa.", "es"),
        ("Møllen blev solgt i 1902, og den er ikke gammel.", "da"),
        ("Kvarnen blev såld 1902 och är inte gammal.", "sv"),
        ("Tarn, Sull, Amble", "en"),
        ("They read Der Ring and Die Welle in the old house of the mayor.", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(text) == language
