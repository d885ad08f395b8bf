"""Every secret that a declaration refers to, and where it says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from colonnade.secrets import SecretReference
from colonnade_runtime.declaration.loader import LoadedPlatform
from colonnade_runtime.declaration.model.tenant import Tenant
from colonnade_runtime.declaration.tenant_files import tenant_origins
from colonnade_runtime.declaration.yaml.problems import Problem
from colonnade_runtime.declaration.yaml.tree import Path


@dataclass(frozen=True, slots=True)
class DeclaredSecret:
    """A reference to a secret at `path` of a file: a tenant's, or the platform's."""

    reference: SecretReference
    path: Path
    tenant: str | None = None

    @property
    def is_owner_password(self) -> bool:
        """True for the first password of a tenant's owner."""
        return self.tenant is not None and self.path == ("owner", "password")

    def problem(self, loaded: LoadedPlatform, message: str) -> Problem:
        """A problem with this secret, at its place. Reads a tenant's file again."""
        if self.tenant is None:
            return loaded.origins.problem(self.path, message)
        origins = tenant_origins(loaded.tenants_folder / f"{self.tenant}.yaml")
        return origins.problem(self.path, message)


def declared_secrets(loaded: LoadedPlatform) -> Iterator[DeclaredSecret]:
    """Every reference in the platform's file, then every one in each tenant's."""
    for path, reference in _below(loaded.platform, ()):
        yield DeclaredSecret(reference, path)
    sections = {"services": loaded.configs, "plugins": loaded.extension_configs}
    for section, configs in sections.items():
        for path, reference in _configured(section, configs):
            yield DeclaredSecret(reference, path)
    for tenant in loaded.tenants.values():
        yield from _of_tenant(tenant)


def _of_tenant(tenant: Tenant) -> Iterator[DeclaredSecret]:
    if tenant.owner.password is not None:
        yield DeclaredSecret(tenant.owner.password, ("owner", "password"), tenant.id)
    for path, reference in _configured("services", tenant.configs):
        yield DeclaredSecret(reference, path, tenant.id)


def _configured(
    section: str, configs: Mapping[str, BaseModel]
) -> Iterator[tuple[Path, SecretReference]]:
    for name, config in configs.items():
        yield from _below(config, (section, name, "config"))


def _below(value: Any, path: Path) -> Iterator[tuple[Path, SecretReference]]:
    if isinstance(value, SecretReference):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _below(getattr(value, name), (*path, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _below(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _below(item, (*path, index))
