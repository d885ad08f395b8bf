"""Credits of a lesson: title, authors, copyright holder, licence and source."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from colonnade_course.carpentries.folder import LessonFolder, SourcePage

MAXIMUM_AUTHORS: Final = 2000
UNKNOWN_LICENCE: Final = "unknown"
_PROGRAMME = re.compile(r"^(?:Software|Data|Library) Carpentry:\s*")
_QUOTED = re.compile(r"[\"“](?P<title>[^\"”]{3,200})[\"”]")
_CREATIVE_COMMONS = re.compile(
    r"\bCC[- ]BY(?P<more>(?:-(?:NC|ND|SA))*)[- ](?P<version>\d\.\d)", re.IGNORECASE
)
_DEDICATED = re.compile(r"\bCC0[- ](?P<version>\d\.\d)", re.IGNORECASE)
_HOLDER = re.compile(
    r"Copyright\s+(?:\(c\)|©)\s+(?:[\d –,-]+\s+)?"
    r"(?P<holder>[^\n.,;]{2,100}?)(?:\s+and\b|[.,;\n]|$)",
    re.IGNORECASE,
)
_REPOSITORY = re.compile(r"https://(?:github|gitlab)\.com/[\w.-]+/[\w-]+(?:\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class Credits:
    """``licence`` is an SPDX identifier or ``UNKNOWN_LICENCE``; ``citation`` is the authors'."""

    title: str
    authors: tuple[str, ...]
    citation: str
    holder: str | None
    licence: str
    licence_url: str | None
    source_url: str | None

    @property
    def sentence(self) -> str:
        """One sentence that gives credit wherever the material is shown."""
        whose = f"Copyright © {self.holder}" if self.holder else "by its authors"
        source = f" Source: {self.source_url}." if self.source_url else ""
        link = f" ({self.licence_url})" if self.licence_url else ""
        return (
            f"“{self.title}”, {whose}, licence {self.licence}{link}.{source} "
            "Links were changed to work here."
        )


def read_credits(lesson: LessonFolder, index: SourcePage | None) -> Credits:
    """Gather the credit from ``config.yaml``, ``CITATION``, ``AUTHORS`` and ``LICENSE.md``."""
    settings = lesson.settings("config.yaml")
    citation = _words(lesson.text("CITATION") or lesson.text("CITATION.md") or "")
    formal = lesson.settings("CITATION.cff")
    licence_text = lesson.text("LICENSE.md") or lesson.text("LICENSE") or ""
    declared = str(settings.get("license") or formal.get("license") or "")
    licence, licence_url = _licence(declared) or _licence(licence_text) or (UNKNOWN_LICENCE, None)
    if licence == UNKNOWN_LICENCE:
        lesson.warnings.append("LICENSE.md: names no Creative Commons licence; ask before sharing.")
    sources = f"{settings.get('source') or ''} {formal.get('repository-code') or ''} {citation}"
    repository = _REPOSITORY.search(sources)
    holder = _HOLDER.search(licence_text)
    return Credits(
        title=_title(lesson, index, [settings.get("title"), formal.get("title")], citation),
        authors=_authors(lesson.text("AUTHORS") or ""),
        citation=citation,
        holder=" ".join(holder["holder"].split()) if holder else None,
        licence=licence,
        licence_url=licence_url,
        source_url=repository.group() if repository else None,
    )


def attribution_page(credit: Credits) -> tuple[str, str]:
    """Return the Markdown of a page that gives the credit in full, and its SHA-256."""
    parts = [credit.sentence.replace(credit.licence_url or "\0", f"<{credit.licence_url}>")]
    if credit.source_url:
        parts[0] = parts[0].replace(f"{credit.source_url}.", f"<{credit.source_url}>.")
    if credit.citation:
        parts += ["## How to cite", _escaped(credit.citation)]
    if credit.authors:
        parts += ["## Authors", ", ".join(_escaped(author) for author in credit.authors) + "."]
    markdown = "\n\n".join(parts) + "\n"
    return markdown, hashlib.sha256(markdown.encode()).hexdigest()


def _title(
    lesson: LessonFolder, index: SourcePage | None, declared: list[object], citation: str
) -> str:
    quoted = _QUOTED.search(citation)
    candidates = [
        *(title for title in declared if isinstance(title, str)),
        index.title if index else "",
        quoted["title"].rstrip(".") if quoted else "",
        lesson.name.replace("-", " ").replace("_", " ").capitalize(),
    ]
    named = next(title for title in candidates if title.strip())
    return _PROGRAMME.sub("", _words(named)) or named


def _licence(text: str) -> tuple[str, str] | None:
    found = _CREATIVE_COMMONS.search(text)
    if found:
        more, version = found["more"].upper(), found["version"]
        terms = f"by{more.lower()}"
        return f"CC-BY{more}-{version}", f"https://creativecommons.org/licenses/{terms}/{version}/"
    found = _DEDICATED.search(text)
    if found:
        version = found["version"]
        return f"CC0-{version}", f"https://creativecommons.org/publicdomain/zero/{version}/"
    return None


def _authors(text: str) -> tuple[str, ...]:
    names = (_words(line) for line in text.splitlines())
    return tuple(dict.fromkeys(name for name in names if name))[:MAXIMUM_AUTHORS]


def _words(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text)
