"""Of a web page, only the text that a person would read is kept."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.documents.html.document import read_html
from qa_bot.errors import ArticleError


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One\n  two<p>Three", "One two\n\nThree"),
        ("one<div>two</div>three", "one\n\ntwo\n\nthree"),
        ("<p>a<b>b</b> <i>c</i>", "ab c"),
        ("<p>one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<p>caf&eacute; &amp; &lt;b&gt; &#x2014;&nbsp;x", "café & <b> — x"),
        ("<p>com&shy;muni\u200bcation", "communication"),
        ("<p>10<sup>2</sup> m<sup>x</sup>", "10² m^x"),
        ("<p>3 &times; 10<sup>-6</sup> g of H<sub>2</sub>O", "3 × 10⁻⁶ g of H₂O"),
        ("<p>2<sup>1/2</sup>, 3<sup>1</sup>/<sub>2</sub>, 5<sup>th </sup>", "2^(1/2), 3¹/₂, 5th"),
        ("<p>10<sup><b><i>6</i></b></sup>", "10⁶"),
        ("<p>10<sup><p>small print</sup>", "10\n\nsmall print"),
        ("<p>a <math><msup><mi>c</mi><mn>2</mn></msup></math>5", "a c² 5"),
        ("<p>now<math><mn>5</mn></math>", "now 5"),
        ("<p>a<span style='display:none'><math><mi>E</mi></math></span><img alt=E>", "a E"),
        ("<p>a <s>40</s><del>35</del><strike>33</strike> 30 <ins>b</ins>", "a 30 b"),
        ("<x-a><x-b>one</x-b><x-b>two</x-b></x-a>", "one\n\ntwo"),
        ("<div><x-b>one</x-b><i>two</i></div>", "onetwo"),
        ("<p>at <time-ago>noon</time-ago><x-y>!</x-y>", "at noon!"),
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"),
        ("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"),
        ("<ol start=3><li><p>a</p><li>b</ol>", "3. a\n4. b"),
        ("<ul><li>a<ol><li>b</ol><li>c</ul>", "- a\n  1. b\n- c"),
        ("<ul><li>" + "a" * 401 + "<li>b</ul>", "- " + "a" * 401 + "\n\n- b"),
        ("<li>a", "a"),
        ("<dl><dt>a<dd>b</dl>", "a\n\nb"),
        ("<a href='javascript:alert(1)' onclick=x>link</a>", "link"),
        ("<p>x<img src=y alt=z onerror=alert(1)>y", "xy"),
        ("<custom-element>one</custom-element> two", "one two"),
        ("<p>one<!-- two -->three<?php four ?>", "onethree"),
        ("<p>unclosed <b>one <i>two</b> three", "unclosed one two three"),
        ("<form>a<label>b</label><button>c</button><select><option>d</select></form>", "ab"),
    ],
)
def test_text(html: str, text: str) -> None:
    assert read_html(html).text == text


@pytest.mark.parametrize(
    "part",
    [
        "<script>alert('x')</script>",
        "<script type='application/json'>{}</script>",
        "<style>p { color: red }</style>",
        "<noscript>Switch it on</noscript>",
        "<template><p>x</p></template>",
        "<nav>Home</nav>",
        "<header><a>Home</a></header>",
        "<footer>Imprint</footer>",
        "<div role=navigation>Home</div>",
        "<div role=dialog>Cookies</div>",
        "<a role=doc-noteref href='n.html#1'>1</a>",
        "<a epub:type='x noteref' href='n.xhtml#1'>1</a>",
        "<span epub:type=pagebreak>12</span>",
        "<p hidden>x</p>",
        "<p aria-hidden=true>x</p>",
        "<p style='Display : none'>x</p>",
        "<p style='visibility:hidden'>x</p>",
        "<iframe src=x>x</iframe>",
        "<svg><title>x</title><text>x</text></svg>",
        "<textarea>x</textarea>",
        "<dialog>x</dialog>",
        "<sup><a href='#note'>[1]</a></sup>",
        "<sup>[<a href='#note'>1</a>, <a href='#other'>2</a>]</sup>",
        "<a href='#note'><sup>1</sup></a>",
        "<a href='#note' style='vertical-align:super'>1</a>",
        "<a href='#top'>↑</a>",
        "<s>x</s>",
        "<ruby><rt>x</rt></ruby>",
    ],
)
def test_what_is_not_for_reading_is_left_out_and_what_follows_it_is_not(part: str) -> None:
    page = read_html(f"<title>t</title><p>before</p>{part} after")
    assert page.text.split() == ["before", "after"]
    assert page.title == "t"


def test_tables_are_rows() -> None:
    html = """<table><caption>Tolls</caption><thead><tr><th>Who<th>Toll</thead>
        <tr><td>Foot <b>passenger</b><td><p>2</p><p>öre</p><tr hidden><td>x<td>y<tr></table>after"""
    assert read_html(html).text == "Tolls\n| Who | Toll |\n| Foot passenger | 2 öre |\n\nafter"


def test_cells_that_span_stand_in_each_row_and_column() -> None:
    html = """<table><tr><th rowspan=2>Who<th colspan=2>Toll<tr><th>Day<th>Night
        <tr><td rowspan=0>Cart<td>4<td>6<tr><td colspan=x>5<td>7</table>"""
    assert read_html(html).text == (
        "| Who | Toll | Toll |\n| Who | Day | Night |\n| Cart | 4 | 6 |\n| Cart | 5 | 7 |"
    )


def test_lines_of_cells_that_stand_side_by_side_are_rows() -> None:
    html = "<table><tr><th>Who<th>Toll<tr><td>Adult<br>Child<td>2<br>1</table>"
    assert read_html(html).text == "| Who | Toll |\n| Adult | 2 |\n| Child | 1 |"


def test_a_table_within_a_table_of_data_is_rows_of_it() -> None:
    inner = "<table><tr><td>Day<td>{}<tr><td>Night<td>{}</table>"
    html = f"""<table><tr><th>Who<th>Toll<tr><td>Foot<td>{inner.format(2, 3)}
        <tr><td>Cart<td>{inner.format(4, 6)}</table>"""
    assert read_html(html).text == (
        "| Who | Toll |\n| Foot | Day | 2 |\n| Foot | Night | 3 |\n"
        "| Cart | Day | 4 |\n| Cart | Night | 6 |"
    )


def test_what_is_left_out_is_said() -> None:
    html = """<p>one <math><merror>x</merror></math> <object data=x>y</object><img src=x>
        <script type='math/tex'>a^2</script><math><mn>5</mn></math> <math/> <p hidden><object>z"""
    page = read_html(html)
    assert page.text == "one 5"
    assert page.notes == ("3 formulas could not be read.", "1 embedded object could not be read.")


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><td>one<tr><td>two</table>",
        "<table><tr><td><h2>one</h2><td>two</table>",
        "<table role=presentation><tr><td>one<td>two</table>",
        "<table><tr><td>one<td><table><tr><td>two</table></table>",
    ],
)
def test_a_table_that_only_lays_out_a_page_is_paragraphs(table: str) -> None:
    assert read_html(table).text == "one\n\ntwo"


def test_headings_are_marked() -> None:
    page = read_html("<h1>One\n <i>two</i></h1><p>x<h3></h3><h6>Three<br>four</h6>y<h2>&nbsp;</h2>")
    assert page.text == "One two\n\nx\n\nThree\nfour\n\ny"
    assert [(it.kind, it.label, it.level, page.text[it.start :][:5]) for it in page.marks] == [
        ("heading", "One two", 1, "One t"),
        ("heading", "Three four", 6, "Three"),
    ]


def test_a_page_set_as_a_heading_is_no_heading() -> None:
    assert read_html(f"<h1>{'x' * 301}</h1>").marks == ()


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title> A &amp;\n b </title><h1>c</h1>", "A & b"),
        ("<h2>c</h2><h1>d</h1>", "c"),
        ("<svg><title>no</title></svg><p>x", ""),
        ("<title></title><p>x", ""),
    ],
)
def test_title(html: str, title: str) -> None:
    assert read_html(html).title == title


def test_of_a_page_with_a_main_part_that_part() -> None:
    main = "<main><header>By <b>me</b></header>words of the article</main>"
    page = read_html(f"<header><h1>Site</h1></header><div>aside</div>{main}<p>more")
    assert page.text == "By me\n\nwords of the article"


def test_a_small_part_is_not_the_main_one() -> None:
    html = f"<article>teaser</article><p>{'words ' * 10}"
    assert read_html(html).text == "teaser\n\n" + ("words " * 10).strip()


def test_entities_of_a_page_are_not_expanded() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]><p>&a;&f;x'
    assert read_html(bomb).text.endswith("&a;&f;x")


def test_xhtml_with_closed_tags_that_html_would_leave_open() -> None:
    html = (
        '<?xml version="1.0"?><html><head><title/><script src="x"/></head><body>one<a id="x"/> two'
    )
    assert read_html(html).text == "one two"


def test_deep_nesting_is_read_and_deeper_is_refused() -> None:
    assert read_html("<div>" * 1000 + "one" + "</div>" * 1000 + "two").text == "one\n\ntwo"
    with pytest.raises(ArticleError, match="nested too deeply"):
        read_html("<div>" * 5000 + "one")


def test_a_page_of_frames_sends_a_person_to_those_pages() -> None:
    with pytest.raises(ArticleError, match="save those pages"):
        read_html("<frameset><frame src=a><frame src=b><noframes>Update!</noframes></frameset>")


def test_signs_of_footnotes_in_each_other_are_read_in_no_time() -> None:
    began = time.process_time()
    assert read_html("before" + "<sup><a href='#x'>" * 400 + "one").text == "before"
    assert time.process_time() - began < 2


@pytest.mark.parametrize("html", ["", " ", "<!-- x -->", "<p>", "<html></html>", "\0"])
def test_a_blank_page(html: str) -> None:
    assert read_html(html).text.strip("\0\ufffd") == ""


SCRAPS = st.sampled_from(
    "<p> </p> <ul> <ol> <li> </li> </ul> <table> <tr> <td> </table> <h1> </h1> <pre> </pre> <br> "
    "<style> p{display:none} .x{vertical-align:sub} </style> <b/class=x> </b> <s> </s> "
    "<x-y> </x-y> <math> </math> <msup> </msup> <mn> </mn> <mfrac> </mfrac> "
    "<td/rowspan=3/colspan=2> 5 </sup> "
    "<div> </div> <script> </script> <title> </title> <main> </main> <sup> <a href=#> </a> &lt; "
    "&amp; word two &#0; \u00ad \U0001f600 \n <!-- --> <![CDATA[ ]]> <? ?> < > \" '".split(" ")
)


@given(st.lists(SCRAPS).map(" ".join))
def test_whatever_the_page_its_marks_stand_on_their_headings(html: str) -> None:
    page = read_html(html)
    for mark in page.marks:
        assert " ".join(page.text[mark.start :].split()).startswith(mark.label)
    assert [mark.start for mark in page.marks] == sorted(mark.start for mark in page.marks)
    assert "\n\n\n" not in page.text or "<pre>" in html
