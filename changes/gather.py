"""The fragments of changes, moved into CHANGELOG.md by a release."""

import re
import textwrap
from pathlib import Path

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


def fragments(folder: Path) -> list[Path]:
    """The fragments in `folder`, by kind and name.

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
    """The kind in a fragment's name."""
    return path.name.split(".")[1]


def section(version: str, date: str, found: list[Path]) -> str:
    """What a release says, in Markdown."""
    lines = [f"## {version} - {date}"]
    for kind, title in KINDS.items():
        sentences = [path.read_text("utf-8").strip() for path in found if kind_of(path) == kind]
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
    """Write the release into `root`/CHANGELOG.md, and remove its fragments.

    Raises:
        ValueError: when a fragment is misnamed, there is none, or the page has lost its head.
    """
    found = fragments(root / "changes")
    page = root / "CHANGELOG.md"
    text = page.read_text("utf-8")
    if not found or text.count(UNRELEASED) != 1:
        raise ValueError(
            "There is nothing to release, or CHANGELOG.md has no 'Unreleased' section."
        )
    page.write_text(
        text.replace(UNRELEASED, f"{UNRELEASED}\n{section(version, date, found)}"), "utf-8"
    )
    for path in found:
        path.unlink()
