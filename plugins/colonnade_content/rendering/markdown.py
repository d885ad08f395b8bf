"""Markdown to HTML that may be shown to anyone, whoever wrote it.

CommonMark with tables, strikethrough, footnotes, definition lists, heading anchors, attributes in
braces and fenced divs. Raw HTML may be written, and everything, written or generated, passes one
allow-list at the end: elements, attributes, classes and URL schemes that are not in it are gone.
Names of places in the text (`id`) carry a prefix, so that none is mistaken for one of the page.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from colonnade_content.rendering.fenced_divs import KINDS, fenced_divs
from colonnade_content.rendering.limits import (
    PARSER_NESTING,
    MarkdownRejected,
    environment,
    limits,
    require_room,
)
from colonnade_content.rendering.markdown_attributes import attributes

ID_PREFIX: Final = "user-content-"
"""What the name of every place in a text begins with. A page that shows the text has names of its
own, and a browser hands both out as properties of the document (HTML, §3.1.6 and §7.2.2.3)."""

MAXIMUM_OPEN_ELEMENTS: Final = 256
MAXIMUM_URL_LENGTH: Final = 4000

Rewrite = Callable[[str], str | None]
"""Given a link's or image's target, says what to write instead; None takes the link away."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS: Final = _names(
    """
    a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure
    h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small span strong sub
    summary sup table tbody td tfoot th thead tr u ul var
    """
)
_DROPPED_WITH_CONTENT: Final = _names(
    """
    iframe math noembed noframes noscript object script style svg template textarea title
    """
)
_ATTRIBUTES: Final = {
    "*": {"class", "dir", "id", "lang", "title"},
    "a": {"href"},
    "details": {"open"},
    "img": {"alt", "height", "src", "width"},
    "li": {"value"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
_CLASSES: Final = KINDS | _names(
    """
    block footnote-backref footnote-item footnote-ref footnotes footnotes-list footnotes-sep
    align-center align-left align-right
    """
)
# Elements without content, and the paragraph, which the next one ends.
_NEVER_DEEP: Final = _names("area base br col embed hr img input link meta p source track wbr")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][^\s/>]{0,100})")
_LANGUAGE: Final = re.compile(r"language-[A-Za-z0-9+#-]{1,40}")
_IDENTIFIER: Final = re.compile(r"[^\s\"'<>&\x00-\x1f]{1,200}")
# A link to a place in this text, or in another one of the same academy.
_IN_TEXT: Final = re.compile(r"\A((?:/api/v1/content/[0-9A-Fa-f-]{36})?#)(.+)", re.DOTALL)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LINK_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_IMAGE_SCHEMES: Final = frozenset({"https"})
# What a browser strips from a URL before it reads the scheme (WHATWG URL, §4.1 and §4.4).
_IGNORED_IN_URLS: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")


def render_markdown(text: str, rewrite: Rewrite | None = None) -> str:
    """Return ``text`` as an HTML fragment without script, style, or any way to run or load code.

    Links lead to ``http``, ``https``, ``mailto`` or relative targets and carry ``rel="noopener"``;
    images come over ``https`` or from a relative target. ``rewrite`` sees every target that passed
    and its answer is checked like one that was written.

    Raises:
        MarkdownRejected: the text is no Unicode text, goes beyond a bound of
            ``colonnade_content.rendering.limits``, or leaves more than ``MAXIMUM_OPEN_ELEMENTS``
            HTML elements open at once.
    """
    env = environment(text)
    html = require_room(_parser().render(text, env), env)
    return require_room(sanitise_html(html, rewrite), env)


def sanitise_html(html: str, rewrite: Rewrite | None = None) -> str:
    """Return what the allow-list of ``render_markdown`` leaves of ``html``.

    Raises:
        MarkdownRejected: more than ``MAXIMUM_OPEN_ELEMENTS`` elements are open at once.
    """
    _require_shallow(html)
    failures: list[Exception] = []

    def keep(element: str, name: str, value: str) -> str | None:
        # An exception would not cross the sanitiser, which is not written in Python.
        try:
            return _kept(element, name, value, rewrite)
        except Exception as error:
            failures.append(error)
            return None

    cleaned = nh3.clean(
        html,
        tags=set(_ELEMENTS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes={element: set(names) for element, names in _ATTRIBUTES.items()},
        attribute_filter=keep,
        url_schemes=set(_LINK_SCHEMES),
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    if failures:
        raise failures[0]
    return cleaned


def heading_anchor(text: str) -> str:
    """Return the ``id`` that a heading of this plain text gets, before duplicates are numbered and
    the prefix is put before it."""
    text = unicodedata.normalize("NFC", text).strip().lower()
    words = "".join(c if c.isalnum() or c in "-_" else " " for c in text).split()
    return "-".join(words)[:100] or "section"


def _require_shallow(html: str) -> None:
    # An HTML parser looks through its open elements at every tag, so without this bound a text of
    # nothing but "<div>" would keep it busy for minutes.
    opened: Counter[str] = Counter()
    depth = 0
    for closing, name in _TAG.findall(html):
        name = name.lower()
        if name in _NEVER_DEEP:
            continue
        if not closing:
            opened[name] += 1
            depth += 1
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
        if depth > MAXIMUM_OPEN_ELEMENTS:
            raise MarkdownRejected(
                f"More than {MAXIMUM_OPEN_ELEMENTS} HTML elements are open at once; close them."
            )


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": PARSER_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.use(deflist_plugin).use(footnote_plugin).use(fenced_divs).use(attributes)
    parser.core.ruler.push("heading_anchors", _anchor_headings)
    parser.use(limits)
    return parser


def _anchor_headings(state: StateCore) -> None:
    used: dict[str, int] = {}
    for opening, content in pairwise(state.tokens):
        if opening.type != "heading_open":
            continue
        spoken = (child.content for child in content.children or () if child.type != "html_inline")
        anchor = heading_anchor("".join(spoken))
        count = used.get(anchor, 0)
        used[anchor] = count + 1
        opening.attrSet("id", f"{anchor}-{count}" if count else anchor)


def _kept(element: str, name: str, value: str, rewrite: Rewrite | None) -> str | None:
    if name == "class":
        return " ".join(word for word in value.split() if _is_known_class(word)) or None
    if name == "id":
        return _prefixed(value) if _IDENTIFIER.fullmatch(value) else None
    if name == "href":
        kept = _kept_url(value, _LINK_SCHEMES, rewrite)
        return kept and _IN_TEXT.sub(lambda found: found[1] + _prefixed(found[2]), kept)
    if name == "src":
        return _kept_url(value, _IMAGE_SCHEMES, rewrite)
    return value[:MAXIMUM_URL_LENGTH]


def _prefixed(name: str) -> str:
    return name if name.startswith(ID_PREFIX) else ID_PREFIX + name


def _is_known_class(word: str) -> bool:
    return word in _CLASSES or _LANGUAGE.fullmatch(word) is not None


def _kept_url(value: str, schemes: frozenset[str], rewrite: Rewrite | None) -> str | None:
    if not _is_safe_url(value, schemes):
        return None
    if rewrite is None:
        return value
    rewritten = rewrite(value)
    return rewritten if rewritten is not None and _is_safe_url(rewritten, schemes) else None


def _is_safe_url(value: str, schemes: frozenset[str]) -> bool:
    packed = _IGNORED_IN_URLS.sub("", value)
    if len(value) > MAXIMUM_URL_LENGTH or packed.replace("\\", "/").startswith("//"):
        return False
    scheme = _SCHEME.match(packed)
    if scheme:
        return scheme[1].lower() in schemes
    # A colon before any slash would be a scheme to somebody.
    return ":" not in re.split(r"[/?#]", packed, maxsplit=1)[0]
