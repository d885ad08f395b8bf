"""The change notes, moved into CHANGELOG.md by a release."""

import re
import textwrap
from pathlib import Path

CHANGELOG = "CHANGELOG.md"
KINDS = {
    "added": "Added",
    "changed": "Changed",
    "fixed": "Fixed",
    "removed": "Removed",
    "security": "Security",
}
NAME = re.compile(rf"[a-z0-9-]+\.({'|'.join(KINDS)})\.md")
UNRELEASED = (
    "## Unreleased\n\n"
    "What has changed since lies in [changes/](changes/README.md), a sentence each.\n"
)


def notes(folder: Path) -> list[Path]:
    """The change notes in `folder`, by kind and name.

    Raises:
        ValueError: for a file that is none.
    """
    found = [path for path in folder.glob("*.md") if path.name != "README.md"]
    for path in found:
        if not NAME.fullmatch(path.name):
            raise ValueError(
                f"{path.name}: name it <subject>.<kind>.md, kind one of {', '.join(KINDS)}."
            )
    return sorted(found, key=lambda path: (list(KINDS).index(kind_of(path)), path.name))


def kind_of(path: Path) -> str:
    """The kind in a note's name."""
    return path.name.split(".")[1]


def sentence_of(path: Path) -> str:
    """The sentence of a note.

    Raises:
        ValueError: when it is empty, or no UTF-8 text.
    """
    try:
        sentence = path.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not UTF-8 text: save it as UTF-8.") from None
    if not sentence:
        raise ValueError(f"{path.name} is empty: write what changed, or remove it.")
    return sentence


def section(version: str, date: str, found: list[Path]) -> str:
    """What a release says, in Markdown."""
    lines = [f"## {version} - {date}"]
    for kind, title in KINDS.items():
        sentences = [sentence_of(path) for path in found if kind_of(path) == kind]
        if sentences:
            lines += ["", f"### {title}", ""]
            lines += [
                textwrap.fill(
                    each,
                    118,
                    initial_indent="- ",
                    subsequent_indent="  ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
                for each in sentences
            ]
    return "\n".join(lines) + "\n"


def gather(root: Path, version: str, date: str) -> None:
    """Write the release into `root`/CHANGELOG.md, and remove its notes.

    Raises:
        ValueError: when a note is misnamed, empty or no text, there is none, or the page has lost
            its head. Nothing is changed then.
    """
    found = notes(root / "changes")
    page = root / CHANGELOG
    text = page.read_text("utf-8")
    if not found or text.count(UNRELEASED) != 1:
        raise ValueError(
            "There is nothing to release, or CHANGELOG.md has no 'Unreleased' section."
        )
    said = section(version, date, found)
    page.write_text(text.replace(UNRELEASED, f"{UNRELEASED}\n{said}"), "utf-8")
    for path in found:
        path.unlink()
