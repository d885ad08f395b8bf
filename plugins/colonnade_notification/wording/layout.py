"""Layout of messages: the HTML document, the text part, and paragraphs made of text."""

import html
import re
from dataclasses import dataclass

import nh3

_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")
_DEFAULT_COLOUR = "#1f4e79"
_TAGS = {
    *("a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "hr", "i", "img", "li", "ol"),
    *("p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "th"),
    *("thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height"}}


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a message: the academy, the button, the footer and the unsubscribe link."""

    academy: str
    locale: str
    colour: str
    link: str
    action: str
    footer: str
    unsubscribe_url: str
    unsubscribe_label: str


def colour_of(branding: object) -> str:
    """The academy's colour, if it declares one that is a colour."""
    declared = branding.get("primary_color") if isinstance(branding, dict) else None
    if isinstance(declared, str) and _COLOUR.fullmatch(declared):
        return declared
    return _DEFAULT_COLOUR


def paragraphs(text: str) -> str:
    """Plain text as HTML: empty lines separate paragraphs."""
    blocks = (block.strip() for block in re.split(r"\n[ \t]*\n", text))
    lines = (html.escape(block).replace("\n", "<br>") for block in blocks if block)
    return "\n".join(f"<p>{line}</p>" for line in lines)


def sanitised(markup: str) -> str:
    """A template's HTML without anything that runs or loads."""
    return nh3.clean(
        markup, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"https", "http", "mailto"}
    )


def document(subject: str, content: str, frame: Frame) -> str:
    """The HTML part of a mail. `content` is HTML; everything else is escaped here."""
    say = html.escape
    return (
        f'<!doctype html>\n<html lang="{say(frame.locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{say(subject)}</title></head>\n"
        '<body style="margin:0;background:#f4f5f7;font-family:sans-serif;color:#222">'
        '<div style="max-width:560px;margin:0 auto;padding:24px">'
        f'<p style="font-weight:bold;color:{say(frame.colour)}">{say(frame.academy)}</p>\n'
        '<div style="background:#fff;padding:16px 24px;border-radius:6px;line-height:1.5">'
        f"{content}\n{_button(frame)}</div>\n{_footer(frame)}</div></body></html>\n"
    )


def plain(content: str, frame: Frame) -> str:
    """The text part of a mail."""
    parts = [content.strip()]
    if frame.link:
        parts.append(f"{frame.action}: {frame.link}" if frame.action else frame.link)
    closing = ["-- ", frame.academy]
    if frame.footer:
        closing.append(frame.footer)
    if frame.unsubscribe_url:
        closing.append(f"{frame.unsubscribe_label}: {frame.unsubscribe_url}")
    return "\n\n".join([*parts, "\n".join(closing)]) + "\n"


def _button(frame: Frame) -> str:
    if not frame.link:
        return ""
    style = f"display:inline-block;padding:10px 16px;border-radius:4px;background:{frame.colour}"
    label = html.escape(frame.action or frame.link)
    return (
        f'<p><a href="{html.escape(frame.link)}" '
        f'style="{html.escape(style)};color:#fff;text-decoration:none">{label}</a></p>'
    )


def _footer(frame: Frame) -> str:
    parts = [html.escape(frame.academy)]
    if frame.footer:
        parts.append(html.escape(frame.footer))
    if frame.unsubscribe_url:
        address = html.escape(frame.unsubscribe_url)
        parts.append(f'<a href="{address}">{html.escape(frame.unsubscribe_label)}</a>')
    return f'<p style="font-size:12px;color:#666">{" · ".join(parts)}</p>'
