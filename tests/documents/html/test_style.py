"""The style of a page decides what is hidden, struck out, raised or lowered."""

import time

import pytest

from qa_bot.documents.html.blocks import blocks_of
from qa_bot.documents.html.document import parse_html, read_html

UNFINISHED = ("The page's style was too large to follow: text that it hides may be read.",)


@pytest.mark.parametrize(
    "style",
    [
        ".x { display: none }",
        "P.x { DISPLAY : NONE }",
        "div > p ~ .x { visibility: hidden }",
        "[title='a b'] { visibility: collapse }",
        ".x { text-decoration: line-through }",
        ".x { text-decoration: underline line-through red }",
        ".x { text-decoration-line: line-through }",
        ".x { display: none !important } .x { display: block }",
        "div .x { display: none } .x { display: block }",
        "@media screen { .x { display: none } }",
        "@media only screen and (min-width: 40em) { .x { display: none } }",
        "@media print, (max-width: 2000px) { .x { display: none } }",
        "@supports (display: grid) { .x { display: none } }",
        "@layer base { .x { display: none } }",
        "<!-- .x { display: none } -->",
        ".y { ) } .x { display: none }",
    ],
)
def test_what_is_hidden_or_struck_out_is_not_read(style: str) -> None:
    html = f"<style>{style}</style><div><p>one</p><p class='x y' title='a b'>two</p></div>"
    assert read_html(html).text == "one"


@pytest.mark.parametrize(
    "style",
    [
        ".x { color: red }",
        ".x { display: none } .x { display: block }",
        ".x { display: none } div .x { display: block }",
        ".x { display: block !important } #y { display: none }",
        ".x:hover { display: none }",
        ".x::before { display: none }",
        ".z .x { display: none }",
        ".x { text-decoration: line-through } .x { text-decoration: none }",
        "@media print { .x { display: none } }",
        "@media (max-width: 600px) { .x { display: none } }",
        "@media (min-width: 2000px) { .x { display: none } }",
        "@media (prefers-color-scheme: dark) { .x { display: none } }",
        "@media not print { .x { display: none } }",
        "@supports not (display: grid) { .x { display: none } }",
        "@font-face { display: none }",
        "body { display: none } html { visibility: hidden }",
        "/* .x { display: none } */",
    ],
)
def test_what_is_shown_on_a_screen_is_read(style: str) -> None:
    html = f"<style>{style}</style><div><p>one</p><p class=x id=y>two</p></div>"
    assert read_html(html).text == "one\n\ntwo"


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ("style='display:none; display:block'", "one"),
        ("style='color:red;display:none'", ""),
        ("style='text-decoration:line-through'", ""),
        ("style='data-display:none'", "one"),
        ("class=gone style='display:block'", "one"),
        ("class=never style='display:block'", ""),
        ("hidden style='display:block'", "one"),
    ],
)
def test_an_element_s_own_style_goes_before_that_of_the_page(attributes: str, text: str) -> None:
    style = "<style>.gone { display: none } .never { display: none !important }</style>"
    assert read_html(f"{style}<p {attributes}>one</p>").text == text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("vertical-align: super", "10⁶ m"),
        ("vertical-align: 0.4em", "10⁶ m"),
        ("vertical-align: top", "10⁶ m"),
        ("vertical-align: sub", "10₆ m"),
        ("vertical-align: -5px", "10₆ m"),
        ("vertical-align: baseline", "106 m"),
    ],
)
def test_raised_and_lowered(style: str, text: str) -> None:
    assert read_html(f"<p>10<span style='{style}'>6</span> m").text == text
    assert read_html(f"<style>i {{ {style} }}</style><p>10<i>6</i> m").text == text


def test_a_sheet_for_print() -> None:
    html = "<style media=print>.x { display: none }</style><p class=x>one<p class=y>two"
    assert read_html(html).text == "one\n\ntwo"


def test_linked_sheets_stand_where_the_page_links_them() -> None:
    sheets = {"a.css": ".x { display: none }", "b.css": ".y { display: none }"}
    html = """<link rel=stylesheet href=a.css><link rel=stylesheet href=b.css media=print>
        <style>.z { display: none }</style><p class=x>one<p class=y>two<p class=z>three"""
    root = parse_html(html, sheets.__getitem__)
    assert root is not None
    assert [block.text for block in blocks_of(root)] == ["two"]


def test_what_is_set_as_a_block_is_one() -> None:
    html = "<style>.b { display: block }</style><div>one<span class=b>two</span>three</div>"
    assert read_html(html).text == "one\n\ntwo\n\nthree"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("div " * 40 + ".x" + "{display:none}", "<div>" * 900 + "<p class=x>y</p>" * 3000),
        ("i " + "div " * 9 + ".x" + "{display:none}", "<div>" * 200 + "<p class=x>y</p>" * 99),
        ("p~p~p~p~i~a{display:none}", "<p>x</p><a>y</a>" * 2000),
        (":not(" * 3000 + "a" + ")" * 3000 + "{display:none}", "<b>x</b>"),
        ("(" * 50_000, "<b>x</b>"),
        ("a:nth-of-type(2){display:none}", "<a>x</a>" * 10_000),
    ],
)
def test_a_style_made_to_take_for_ever_does_not(style: str, body: str) -> None:
    began = time.process_time()
    assert read_html(f"<style>{style}</style>{body}").notes in ((), UNFINISHED)
    assert time.process_time() - began < 20


@pytest.mark.slow
def test_a_style_that_is_too_large_is_said() -> None:
    rules = "".join(f"[a{at}] {{ display: none }}" for at in range(5000))
    page = read_html(f"<style>{rules}</style>{'<b>x</b>' * 500}")
    assert page.notes == UNFINISHED
