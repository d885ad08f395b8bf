"""Loads a whole platform: every file validated, every problem at once, or nothing."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from pydantic import BaseModel

from colonnade.policy import NO_VOCABULARY, Vocabulary
from colonnade_runtime.declaration.checks import check_platform, check_valid_platform
from colonnade_runtime.declaration.configs import ConfigModels, ConfigReader
from colonnade_runtime.declaration.cross_origin import cross_origin_problems
from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.declaration.model.tenant import Tenant
from colonnade_runtime.declaration.outline import PlatformOutline, outline_of
from colonnade_runtime.declaration.tenant_files import (
    TenantRules,
    domain_conflicts,
    read_tenant,
    tenant_files,
)
from colonnade_runtime.declaration.validation import validate
from colonnade_runtime.declaration.yaml.origins import Origins
from colonnade_runtime.declaration.yaml.problems import DeclarationError, Problem
from colonnade_runtime.declaration.yaml.source import PlatformSource, read_platform

_NO_MODELS: ConfigModels = {}

Replacements = Mapping[FilePath, bytes]
"""Tenant files whose bytes are not read: path → what counts in their place."""

_AS_THEY_ARE: Replacements = {}


@dataclass(frozen=True, slots=True)
class LoadedPlatform:
    """A platform and its tenants, valid as a whole."""

    platform: Platform
    tenants: Mapping[str, Tenant]
    origins: Origins
    root: FilePath
    """The folder of `platform.yaml`; relative paths in it start here."""
    files: tuple[FilePath, ...]
    """Every file that was read, for whoever watches them."""
    digest: str
    """The same for the same declaration, filled-in variables included."""
    configs: Mapping[str, BaseModel] = field(default_factory=dict)
    extension_configs: Mapping[str, BaseModel] = field(default_factory=dict)

    @property
    def tenants_folder(self) -> FilePath:
        """Folder of the tenants' files."""
        return self.root / self.platform.tenants.folder

    @property
    def policies_folder(self) -> FilePath:
        """Folder of the policies."""
        return self.root / self.platform.policy.folder

    def config_of(self, service: str) -> BaseModel | None:
        """Configuration of `service` by the platform, in the model of its plugin; None when the
        plugin has no model."""
        return self.configs.get(service)

    def extension_config_of(self, name: str) -> BaseModel | None:
        """Configuration of the extension `name`; None when it has no model."""
        return self.extension_configs.get(name)


def load_platform(
    path: FilePath,
    *,
    settings: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
    config_models: ConfigModels = _NO_MODELS,
    tenant_config_models: ConfigModels = _NO_MODELS,
    extension_config_models: ConfigModels = _NO_MODELS,
    vocabulary: Vocabulary = NO_VOCABULARY,
    replacing: Replacements = _AS_THEY_ARE,
) -> LoadedPlatform:
    """The platform declared in the file at `path`, its overlay, `settings`, and its tenants.

    `settings` are the values of `--set`. The models come from plugins, by service name and
    by extension name; without one, any key under `config` is an error. `vocabulary` is what the
    policies of tenants may name. What is `replacing` a tenant's file is held against the same rules
    before it is written. Blocks on the disk.

    Raises:
        DeclarationError: with every problem of every file.
    """
    source = read_platform(path, settings, environ)
    outline = outline_of(source, path)
    problems = list(source.problems)
    platform = _validate(source, outline, problems)
    services = ConfigReader(config_models, "service")
    configs = _configs(source, "services", outline.enabled_services, services, problems)
    extensions = ConfigReader(extension_config_models, "plugin")
    extension_configs = _configs(source, "plugins", outline.extensions, extensions, problems)
    rules = TenantRules(
        services=outline.enabled_services,
        domain=outline.domain,
        is_production=outline.environment == "production",
        configs=ConfigReader(tenant_config_models, "service"),
        environ=environ,
        vocabulary=vocabulary,
    )
    tenants, files = _tenants(outline, rules, source, problems, replacing)
    if platform is not None:
        for tenant in tenants.values():
            problems += cross_origin_problems(tenant, platform)
    if platform is None or problems:
        raise DeclarationError(problems)
    return LoadedPlatform(
        platform=platform,
        tenants=tenants,
        origins=Origins(source.tree, source.kinds, source.variables),
        root=path.parent,
        files=(*source.files, *files),
        digest=source.digest.hexdigest(),
        configs=configs,
        extension_configs=extension_configs,
    )


def _validate(
    source: PlatformSource, outline: PlatformOutline, problems: list[Problem]
) -> Platform | None:
    platform, found = validate(Platform, source.data, source.tree)
    broken = {problem.path for problem in problems}
    problems += [problem for problem in found if problem.path not in broken]
    problems += check_platform(source, outline)
    if platform is not None:
        problems += check_valid_platform(source, platform)
    return platform


def _configs(
    source: PlatformSource,
    section: str,
    names: Sequence[str],
    reader: ConfigReader,
    problems: list[Problem],
) -> dict[str, BaseModel]:
    configs: dict[str, BaseModel] = {}
    declared = source.data.get(section)
    for name in names:
        described = declared.get(name) if isinstance(declared, dict) else None
        written = described.get("config", {}) if isinstance(described, dict) else {}
        if not isinstance(written, dict):
            continue
        config, found = reader.read(name, written, source.tree, (section, name, "config"))
        problems += found
        if config is not None:
            configs[name] = config
    return configs


def _tenants(
    outline: PlatformOutline,
    rules: TenantRules,
    source: PlatformSource,
    problems: list[Problem],
    replacing: Replacements,
) -> tuple[dict[str, Tenant], list[FilePath]]:
    files, found = tenant_files(outline.root / outline.tenants_folder)
    problems += found
    tenants: dict[str, Tenant] = {}
    for path in files:
        tenant, found = read_tenant(path, rules, replacing.get(path))
        problems += found
        if tenant is not None and path.stem == tenant.id:
            tenants[tenant.id] = tenant
            source.digest.update(tenant.model_dump_json().encode())
    problems += domain_conflicts(tenants.values())
    return tenants, files
