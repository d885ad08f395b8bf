"""Files that editors and systems leave beside those that people write."""

_SIGNS = (".", "~", "#")


def is_ignored(name: str) -> bool:
    """True for names of files that editors and systems leave: a lock of Emacs (`.#acme.yaml`), an
    AppleDouble (`._acme.yaml`), a copy being written (`.acme.yaml.x`, `~$acme.yaml`,
    `acme.yaml~`)."""
    return name.startswith(_SIGNS) or name.endswith("~")
