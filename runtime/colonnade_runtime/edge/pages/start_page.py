"""Start page: what people read who come to the host of an academy with a browser.

It is one document without script; its style stands in it, and its policy takes that style alone.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from colonnade.services import TenantInfo
from colonnade_runtime.edge.pages.colours import colour_of, css, text_on

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "site": "To the academy",
        "no_site": "This is where the academy's applications ask. Its own site it has not named.",
        "platform": "Academies live here, each at a host of its own.",
        "ask": "Questions:",
        "docs": "API documentation",
        "suspended": "This academy is closed at the moment.",
        "missing": "There is no academy at this address.",
    },
    "de": {
        "site": "Zur Akademie",
        "no_site": "Hier fragen die Anwendungen der Akademie; eine eigene Seite nennt sie nicht.",
        "platform": "Hier sind Akademien zu Hause, jede unter einem eigenen Namen.",
        "ask": "Fragen:",
        "docs": "Dokumentation der Schnittstelle",
        "suspended": "Diese Akademie ist zurzeit geschlossen.",
        "missing": "Unter dieser Adresse gibt es keine Akademie.",
    },
}
_STYLE = """\
*{{box-sizing:border-box}}
body{{margin:0;font:1.0625rem/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;\
overflow-wrap:anywhere}}
header{{padding:3rem 1.25rem;background:{main};color:{on_main};border-bottom:.5rem solid {accent}}}
header>*,main{{max-width:40rem;margin:0 auto}}
h1{{font-size:clamp(1.5rem,6vw,2.5rem);line-height:1.2}}
main{{padding:1.5rem 1.25rem}}
a{{color:inherit}}
a.button{{display:inline-block;padding:.75rem 1.25rem;border-radius:.375rem;text-decoration:none;\
background:{main};color:{on_main}}}
a:focus-visible{{outline:.1875rem solid currentColor;outline-offset:.1875rem}}
@media (prefers-color-scheme:dark){{body{{color:#eee;background:#161616}}}}
"""


def academy_page(tenant: TenantInfo, *, docs: bool) -> tuple[bytes, str]:
    """The page of an academy, and its content security policy; `docs` says whether the API is
    documented here."""
    branding, words = tenant.branding, _words(tenant.locale)
    name = str(branding.get("title") or tenant.name)
    body = [*_site(branding, words), *_questions(branding, words), *_documentation(words, docs)]
    return _document(tenant.locale, name, body, branding)


def platform_page(*, docs: bool) -> tuple[bytes, str]:
    """The page of a host that is no academy's. It names none."""
    words = _words("en")
    body = [f"<p>{words['platform']}</p>", *_documentation(words, docs)]
    return _document("en", "Colonnade", body, {})


def closed_page(word: str) -> tuple[bytes, str]:
    """The page where no academy answers; `word` is `suspended` or `missing`."""
    return _document("en", "Colonnade", [f"<p>{_words('en')[word]}</p>"], {})


def _site(branding: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    website = branding.get("website")
    if website is None:
        yield f"<p>{words['no_site']}</p>"
    else:
        yield f'<p><a class="button" href="{escape(website)}">{words["site"]}</a></p>'


def _questions(branding: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    address = branding.get("support_email")
    if address is not None:
        shown = escape(str(address))
        yield f'<p>{words["ask"]} <a href="mailto:{shown}">{shown}</a></p>'


def _documentation(words: Mapping[str, str], docs: bool) -> Iterator[str]:
    if docs:
        yield f'<p><a href="/docs">{words["docs"]}</a></p>'


def _document(
    locale: str, name: str, body: list[str], branding: Mapping[str, Any]
) -> tuple[bytes, str]:
    main = colour_of(branding.get("primary_color"))
    accent = branding.get("accent_color") or css(main)
    style = _STYLE.format(main=css(main), on_main=css(text_on(main)), accent=accent)
    title = escape(name)
    page = f"""\
<!DOCTYPE html>
<html lang="{escape(locale)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/favicon.ico" sizes="32x32">
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main>
{"".join(body)}
</main>
</body>
</html>
"""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src 'self'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page.encode(), policy


def _words(locale: str) -> Mapping[str, str]:
    return _WORDS.get(locale.partition("-")[0], _WORDS["en"])
