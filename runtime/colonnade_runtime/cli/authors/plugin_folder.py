"""The plugins in a folder of their author, installed or not."""

import importlib
import sys
import tomllib
from pathlib import Path

from colonnade.errors import ConfigurationError
from colonnade_runtime.plugins.installed import GROUP


def plugin_modules(path: Path) -> list[str]:
    """The import names of the plugins at `path`, which can be imported from now on.

    Raises:
        ConfigurationError: when there is none.
    """
    if not path.exists():
        raise ConfigurationError(f"There is nothing at {path}; name the folder of a plugin.")
    project = path / "pyproject.toml"
    if project.is_file():
        return _of_project(project)
    if (path / "plugin.py").is_file():
        _make_importable(path.resolve().parent)
        return [f"{path.resolve().name}.plugin"]
    raise ConfigurationError(
        f"{path} holds no plugin: name a folder with a pyproject.toml, or a package with plugin.py."
    )


def _of_project(project: Path) -> list[str]:
    try:
        data = tomllib.loads(project.read_text("utf-8"))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise ConfigurationError(f"{project} cannot be read: {reason}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{project} is not UTF-8 text; save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{project} is not TOML: {error}.") from error
    entries = data.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if not entries:
        raise ConfigurationError(
            f'{project} registers no plugin: add [project.entry-points."{GROUP}"] with '
            'name = "package.plugin".'
        )
    names = [str(entry) for entry in entries.values()]
    for name in names:
        _make_importable(_root_of(project.parent.resolve(), name.partition(".")[0]))
    return names


def _root_of(folder: Path, package: str) -> Path:
    """Find the package: beside pyproject.toml, in src, or one folder deeper elsewhere."""
    roots = [folder, folder / "src", *sorted(place for place in folder.iterdir() if place.is_dir())]
    for root in roots:
        if (root / package).is_dir() or (root / f"{package}.py").is_file():
            return root
    raise ConfigurationError(f"The package {package} is not in {folder}; is its name right?")


def _make_importable(root: Path) -> None:
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
        importlib.invalidate_caches()
