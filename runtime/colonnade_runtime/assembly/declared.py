"""A declaration with the plugins that it names, read and checked as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from colonnade_runtime.assembly.adapters import replica_problems, scheme_problems
from colonnade_runtime.assembly.allowances import allowance_problems
from colonnade_runtime.assembly.policies import vocabulary_of
from colonnade_runtime.assembly.started_secrets import secret_files
from colonnade_runtime.calls.secret_vault import unknown_schemes
from colonnade_runtime.declaration import (
    DeclarationError,
    LoadedPlatform,
    load_platform,
    load_platform_outline,
)
from colonnade_runtime.declaration.loader import Replacements
from colonnade_runtime.declaration.watched_files import Standing, standing_of
from colonnade_runtime.plugins.loader import discover_plugins
from colonnade_runtime.plugins.plugin import Plugins


@dataclass(frozen=True, slots=True)
class Declared:
    """A whole declaration, read and checked: what will run."""

    path: Path
    settings: tuple[str, ...]
    loaded: LoadedPlatform
    plugins: Plugins
    standing: Standing = field(default_factory=dict)
    """State of its files before they were read: later changes are not in it."""

    def read_again(self, replacing: Replacements | None = None) -> LoadedPlatform:
        """The same files as they are now, for the plugins that are loaded; what is `replacing` a
        tenant's file counts in its place. Blocks on the disk.

        Raises:
            DeclarationError: with everything that is wrong in the files.
        """
        return load_with(self.path, self.settings, self.plugins, replacing=replacing)

    def or_read_again(self) -> "Declared":
        """Answer this one while all its files are as they were, else read them. Blocks on the disk.

        Raises:
            DeclarationError: with everything that is wrong in the files.
            ConfigurationError: when a plugin is missing or broken.
        """
        secrets = [each.absolute() for each in secret_files(self.loaded)]
        if standing_of(self.folders_of(self.loaded), secrets) == self.standing:
            return self
        return read_declaration(self.path, self.settings)

    def folders_of(self, loaded: LoadedPlatform) -> frozenset[Path]:
        """The folders of `loaded`, which was read from here, whose files declare."""
        found = (loaded.tenants_folder, loaded.policies_folder, self.path.parent)
        return frozenset(folder.absolute() for folder in found)


def read_declaration(
    path: Path, settings: Sequence[str] = (), *, extra: Sequence[ModuleType] = ()
) -> Declared:
    """Read `platform.yaml`, the tenants and the plugins they name.

    `extra` are modules that count as installed plugins.

    Raises:
        DeclarationError: with everything that is wrong in the files.
        ConfigurationError: when a plugin is missing or broken.
    """
    outline = load_platform_outline(path, settings=settings)
    plugins = discover_plugins(outline, extra=extra)
    folders = (outline.root / outline.tenants_folder, outline.root / outline.policies_folder)
    before = standing_of([each.absolute() for each in (*folders, path.parent)], [])
    loaded = load_with(path, settings, plugins)
    secrets = standing_of([], [each.absolute() for each in secret_files(loaded)])
    return Declared(path, tuple(settings), loaded, plugins, {**before, **secrets})


def load_with(
    path: Path,
    settings: Sequence[str],
    plugins: Plugins,
    *,
    tables: bool = False,
    replacing: Replacements | None = None,
) -> LoadedPlatform:
    """The declaration, read with the models and the adapters that `plugins` bring.

    The fields and relations in tenants' policies are those of tables. The processes of a platform
    that has several do not load all of them; `tables` says to do so here.

    Raises:
        DeclarationError: with everything that is wrong in the files.
    """
    whole = tables or load_platform_outline(path, settings=settings).in_one_process
    loaded = load_platform(
        path,
        settings=settings,
        config_models=plugins.config_models(),
        tenant_config_models=plugins.tenant_config_models(),
        extension_config_models=plugins.extension_config_models(),
        vocabulary=vocabulary_of(plugins, None if whole else ()),
        replacing=replacing or {},
    )
    problems = [
        *scheme_problems(loaded, plugins),
        *replica_problems(loaded, plugins),
        *allowance_problems(loaded, plugins),
        *unknown_schemes(loaded, plugins.adapters("secret_resolvers")),
    ]
    if problems:
        raise DeclarationError(problems)
    return loaded
