"""Files that editors and systems leave beside those that people write."""

_SIGNS = (".", "~", "#")


def is_ignored(name: str) -> bool:
    """Whether a file of this name is nobody's work: a lock of Emacs (`.#acme.yaml`), an AppleDouble
    (`._acme.yaml`), a copy that is being written (`.acme.yaml.x`, `~$acme.yaml`, `acme.yaml~`)."""
    return name.startswith(_SIGNS) or name.endswith("~")
