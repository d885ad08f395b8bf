"""The files of a new plugin, from the templates beside this module."""

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template

from colonnade.errors import ConfigurationError
from colonnade_runtime.cli.new.item_names import ItemNames

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SUFFIX = ".txt"
"""Templates end in it, so that no tool takes them for what they will be."""


@dataclass(frozen=True, slots=True)
class PluginNames:
    """Names of a new plugin: of its package, distribution, service and example item."""

    plugin: str
    distribution: str
    package: str
    service: str
    item: ItemNames

    @classmethod
    def of(cls, name: str, item: str | None = None, plural: str | None = None) -> "PluginNames":
        """`acme-quiz` is the distribution and plugin of that name, with the service `quiz`; a
        name of one word, `quiz`, gets the distribution `colonnade-quiz`. `item` is what the
        service keeps, and `plural` several of it.

        Raises:
            ConfigurationError: when the name cannot be one, or is taken.
        """
        service = name.rpartition("-")[2]
        if _NAME.fullmatch(name) is None or len(name) > 60 or not service[:1].isalpha():
            raise ConfigurationError(
                f"'{name}' is no name for a plugin: use a-z, 0-9 and '-', a letter first in each "
                "part, as quiz or acme-quiz."
            )
        if keyword.iskeyword(service) or len(service) > 30:
            raise ConfigurationError(f"A service cannot be called '{service}'; choose another.")
        distribution = name if "-" in name else f"colonnade-{name}"
        package = distribution.replace("-", "_")
        if find_spec(package) is not None:
            raise ConfigurationError(
                f"There is a package {package} already; choose another name, such as my-{service}."
            )
        return cls(name, distribution, package, service, ItemNames.of(service, item, plural))

    def values(self) -> Mapping[str, str]:
        """Variables for templates; `title` is the service's name in class names."""
        return {
            "plugin": self.plugin,
            "distribution": self.distribution,
            "package": self.package,
            "service": self.service,
            "title": self.service.title(),
            **self.item.values(),
        }


def plugin_files(names: PluginNames) -> dict[Path, str]:
    """Every file of the plugin by its path, with its text."""
    root = files("colonnade_runtime.cli.new") / "plugin_template"
    found: dict[Path, str] = {}
    for path, template in _templates(root, Path()):
        parts = [names.package if part == "package" else part for part in path.parts]
        parts[-1] = parts[-1].removesuffix(_SUFFIX).replace("service.rego", f"{names.service}.rego")
        parts[-1] = parts[-1].replace("service_test.rego", f"{names.service}_test.rego")
        text = Template(template.read_text("utf-8")).substitute(names.values())
        found[Path(*parts)] = text
    return found


def _templates(folder: Traversable, path: Path) -> list[tuple[Path, Traversable]]:
    found: list[tuple[Path, Traversable]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _templates(entry, path / entry.name)
        elif entry.name.endswith(_SUFFIX):
            found.append((path / entry.name, entry))
    return found
