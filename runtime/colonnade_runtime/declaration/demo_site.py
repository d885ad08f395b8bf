"""Location of the demo platform: inside the wheel, or at the root of the checkout."""

from pathlib import Path

from colonnade.errors import ConfigurationError

PARTS = ("platform.yaml", "tenants", "policies")
SCHEMAS = Path("docs", "reference")
"""Address of the JSON Schemas in the files of the demo."""


def demo_folder() -> Path:
    """The folder that holds platform.yaml, tenants and policies of the demo.

    Raises:
        ConfigurationError: when the installation lacks them.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "site", package.parents[1]):
        if all((folder / part).exists() for part in PARTS):
            return folder
    raise ConfigurationError("The demo platform is missing: install colonnade again.")
