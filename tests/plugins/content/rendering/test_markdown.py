"""Markdown: what it is turned into, and what can never come out of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade_content.rendering.limits import MarkdownRejected
from colonnade_content.rendering.markdown import (
    ID_PREFIX,
    heading_anchor,
    render_markdown,
    sanitise_html,
)


class Elements(HTMLParser):
    """Collects what a browser would find: elements with their attributes, as a flat list."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for element, attributes in Elements(html).found:
        assert element not in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "svg",
            "base",
        }
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src"):
            target = re.sub(r"[\x00-\x20]", "", attributes.get(name) or "").lower()
            assert not target.startswith(("javascript:", "vbscript:", "data:", "file:", "//"))


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
        ("## Two Words!", '<h2 id="user-content-two-words">Two Words!</h2>'),
        ("# A\n# A", '<h1 id="user-content-a">A</h1>\n<h1 id="user-content-a-1">A</h1>'),
        ("```python\nx < 1\n```", '<pre><code class="language-python">x &lt; 1\n</code></pre>'),
        ("Press <kbd>Tab</kbd>", "<p>Press <kbd>Tab</kbd></p>"),
        ("[x](a.md)", '<p><a href="a.md" rel="noopener noreferrer">x</a></p>'),
        ('[x](/a "t")', '<p><a href="/a" title="t" rel="noopener noreferrer">x</a></p>'),
        ("![x](fig/a.png)", '<p><img src="fig/a.png" alt="x"></p>'),
        ("![](a.png){alt='it\\'s \"so\"'}", '<p><img src="a.png" alt="it\'s &quot;so&quot;"></p>'),
        ('![](a.png){alt="two\nlines"}', '<p><img src="a.png" alt="two\nlines"></p>'),
        (
            "![](a.png){: .callout #x}",
            '<p><img src="a.png" alt="" id="user-content-x" class="callout"></p>',
        ),
        ("[word]{#word}", '<p><span id="user-content-word">word</span></p>'),
        ("{:auto\\_ids}\ntext", "<p>text</p>"),
        ("term\n:   meaning", "<dl>\n<dt>term</dt>\n<dd>meaning</dd>\n</dl>"),
        ("a {b} [c] {d", "<p>a {b} [c] {d</p>"),
    ],
)
def test_markdown_becomes_html(markdown: str, html: str) -> None:
    assert render_markdown(markdown).strip() == html


def test_a_table_and_a_footnote_are_rendered() -> None:
    html = render_markdown("|a|b|\n|:-|-|\n|1|2[^n]|\n\n[^n]: note")
    assert {"table", "th", "td", "section"} <= {element for element, _ in Elements(html).found}


def test_a_fenced_div_becomes_a_block_of_its_kind() -> None:
    html = render_markdown("::::::: callout\n\n## Why?\n\ntext\n\n:::::\n\nafter")
    assert html.startswith(
        '<div class="callout">\n<h2 id="user-content-why">Why?</h2>\n<p>text</p>\n</div>'
    )
    assert html.endswith("<p>after</p>\n")


def test_a_solution_folds_away_under_its_heading() -> None:
    html = render_markdown(
        ":::: challenge\n\nTry.\n\n::: solution\n\n## Part *one*\n\nDone.\n\n:::\n\n::::"
    )
    assert '<details class="solution">\n<summary>Part <em>one</em></summary>' in html
    assert html.endswith("<p>Done.</p>\n</details>\n</div>\n")


def test_a_solution_without_a_heading_says_what_it_is() -> None:
    assert "<summary>Solution</summary><p>x</p>" in render_markdown("::: solution\nx\n:::")


def test_blocks_nest_whatever_the_length_of_their_fences() -> None:
    html = render_markdown("::: challenge\n:::::: hint\na\n:::\nb\n::::::::::\nc")
    assert [name for name, _ in Elements(html).found] == [
        "div",
        "details",
        "summary",
        "p",
        "p",
        "p",
    ]
    assert html.index("</details>") < html.index("b") < html.index("</div>") < html.index("<p>c")


def test_a_fence_inside_code_is_code() -> None:
    html = render_markdown("::: callout\n```text\n:::\n::: tip\n```\nend\n:::\nafter")
    assert "::: tip" in html
    assert html.endswith("<p>end</p>\n</div>\n<p>after</p>\n")


def test_a_block_that_is_never_closed_ends_with_the_text() -> None:
    assert render_markdown("::: tip\ntext") == '<div class="tip">\n<p>text</p>\n</div>\n'


def test_a_block_of_an_unknown_kind_is_plain() -> None:
    assert '<div class="block">' in render_markdown("::: whatever\ntext\n:::")


def test_a_block_in_a_list_belongs_to_its_item() -> None:
    html = render_markdown("- a\n\n  ::: tip\n  b\n  :::\n- c")
    assert html.count("<ul>") == 1
    assert html.count("<li>") == 2


def test_targets_are_rewritten_where_they_are_links_or_images() -> None:
    html = render_markdown(
        "[a](x.md#y) ![b](x.png) <a href='x.html'>c</a> `x.md`", lambda target: f"/api/{target}"
    )
    assert re.findall(r'(?:href|src)="([^"]*)"', html) == [
        "/api/x.md#y",
        "/api/x.png",
        "/api/x.html",
    ]
    assert "<code>x.md</code>" in html


def test_a_target_without_an_answer_loses_its_link() -> None:
    assert (
        render_markdown("[a](x)", lambda _: None) == '<p><a rel="noopener noreferrer">a</a></p>\n'
    )


def test_an_answer_is_checked_like_a_target() -> None:
    assert_harmless(render_markdown("[a](x)", lambda _: "javascript:alert(1)"))


def test_a_failing_rewrite_is_reported_and_not_swallowed() -> None:
    def fail(target: str) -> str:
        raise LookupError(target)

    with pytest.raises(LookupError):
        render_markdown("[a](x)", fail)


ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=alert(1)//",
    "<svg onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img onerror=x&gt;">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='\\\\evil.example'>x</a>",
    "<a href='/\t/evil.example'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](vbscript:msgbox)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "![x](http://evil.example/track.png)",
    "![x](y){onerror=alert(1)}",
    "![x](y){style='background:url(//evil.example)'}",
    "[x](y){href='javascript:alert(1)'}",
    "[x]{onclick='alert(1)' #a\"onload=alert(1)}",
    '::: x" onload="alert(1)\n:::',
    "::: {.tip onclick=alert(1)}\nx\n:::",
    '```"onload=alert(1)\nx\n```',
    "<iframe src=https://evil.example></iframe>",
    "<object data=evil.swf><embed src=evil.swf>",
    "<base href=//evil.example>",
    "<form action=//evil.example><input><button formaction=javascript:alert(1)>x",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<style>@import '//evil.example'</style>",
    "<p style='position:fixed'>x</p>",
    "<template><script>alert(1)</script></template>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<a\x00 href=x onclick=alert(1)>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "# <img src=x onerror=alert(1)>\n",
    "|<img src=x onerror=alert(1)>|\n|-|\n",
    "[^1]\n\n[^1]: <img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_or_loads_comes_out(attack: str) -> None:
    html = render_markdown(attack)
    assert_harmless(html)
    assert not [
        target
        for _, attributes in Elements(html).found
        for name in ("href", "src")
        if "evil.example" in (target := attributes.get(name) or "")
    ]


pieces = st.sampled_from(
    [
        *ATTACKS,
        *("<", ">", '"', "'", "&", "\n", "`", "[", "](", ")", "{", "}", "::: tip\n", ":::\n"),
        *("javascript:", "onload=", "<!--", "-->", "<![CDATA[", "</", "<a ", "<img ", "\0", "|"),
    ]
)


@settings(deadline=None)
@given(st.lists(pieces | st.text(max_size=8), max_size=12))
def test_no_mixture_of_attacks_comes_through(parts: list[str]) -> None:
    assert_harmless(render_markdown("".join(parts)))


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_rendered(text: str) -> None:
    assert_harmless(render_markdown(text))


@pytest.mark.parametrize(
    "start", ["[", "![", "*a_", "`a``", "<", "::: a\n", "[a]{", "{a='b' ", "<!--", "- "]
)
def test_deep_or_open_ended_text_is_rendered_all_the_same(start: str) -> None:
    assert_harmless(render_markdown(start * 3000))


@pytest.mark.parametrize("start", ["<div>", "<details>", "<b>", "<div></b>", "<x-y>"])
def test_a_text_that_only_opens_elements_is_refused(start: str) -> None:
    with pytest.raises(MarkdownRejected, match="open at once"):
        render_markdown(start * 20_000)


def test_many_elements_in_a_row_are_no_depth() -> None:
    html = render_markdown("<b>x</b><br><p>" * 2000)
    assert html.count("<b>") == 2000


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("Loading data", "loading-data"),
        ("  C'est ça!  ", "c-est-ça"),
        ("a_b-c", "a_b-c"),
        ("!", "section"),
    ],
)
def test_a_heading_has_a_readable_anchor(text: str, anchor: str) -> None:
    assert heading_anchor(text) == anchor


@pytest.mark.parametrize(
    "written",
    [
        "# cookie",
        "[x]{#cookie}",
        "![](a.png){#cookie}",
        "<p id=cookie>x",
        "<a id=cookie name=cookie>x</a><img name=cookie src=x id=cookie>",
        "<form id=cookie></form><b id='cookie'>x</b>",
        "# A {#cookie}",
        "[^cookie]\n\n[^cookie]: note",
        "::: {.tip #cookie}\n# cookie\n:::",
    ],
)
def test_no_name_in_a_text_is_one_of_the_page(written: str) -> None:
    for _, attributes in Elements(render_markdown(written)).found:
        assert "name" not in attributes
        assert (attributes.get("id") or ID_PREFIX).startswith(ID_PREFIX)


@settings(deadline=None)
@given(st.lists(pieces | st.sampled_from(["#", "id=", "name=", "a", " "]), max_size=12))
def test_names_never_come_out_bare(parts: list[str]) -> None:
    for _, attributes in Elements(render_markdown("".join(parts))).found:
        assert "name" not in attributes
        assert (attributes.get("id") or ID_PREFIX).startswith(ID_PREFIX)


@pytest.mark.parametrize(
    "written",
    [
        "[there](#ziel)\n\n# Ziel",
        "[there](#größe)\n\n# Größe",
        "<a href='#x'>there</a>\n\n[x]{#x}",
        "a[^1] b[^1]\n\n[^1]: note",
        "[there](#user-content-x)\n\n[x]{#x}",
    ],
)
def test_links_within_a_text_lead_to_their_places(written: str) -> None:
    found = [attributes for _, attributes in Elements(render_markdown(written)).found]
    names = {attributes["id"] for attributes in found if "id" in attributes}
    links = [unquote((each["href"] or "")[1:]) for each in found if "href" in each]
    assert links
    assert set(links) <= names


def test_a_link_to_a_place_in_another_text_follows_and_a_foreign_one_stays() -> None:
    text = f"/api/v1/content/{UUID(int=7)}"
    html = render_markdown(f"[a]({text}#part) [b](https://x.example/#part) [c](page#part) [d](#)")
    targets = [attributes.get("href") for name, attributes in Elements(html).found if name == "a"]
    prefixed = f"{text}#user-content-part"
    assert targets == [prefixed, "https://x.example/#part", "page#part", "#"]


def test_what_was_made_harmless_stays_as_it_is() -> None:
    html = render_markdown("[x](#a)\n\n# A\n\nb[^1]\n\n[^1]: note")
    assert sanitise_html(html) == html
