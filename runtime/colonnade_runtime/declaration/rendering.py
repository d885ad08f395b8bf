"""A loaded declaration as rows: what holds, and where it was said. Secrets stay masked."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from colonnade_runtime.declaration.loader import LoadedPlatform
from colonnade_runtime.declaration.tenant_files import tenant_origins
from colonnade_runtime.declaration.yaml.origins import Origin, Origins
from colonnade_runtime.declaration.yaml.tree import Path, dotted


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a declaration. `value` is plain JSON, with secrets masked."""

    path: str
    value: Any
    origin: Origin

    def __str__(self) -> str:
        return f"{self.path}: {json.dumps(self.value, ensure_ascii=False)}  # {self.origin}"


def platform_rows(loaded: LoadedPlatform) -> list[Row]:
    """Every value of the platform, defaults included, in the order of the reference."""
    data = loaded.platform.model_dump(mode="json", exclude_none=True)
    for section, configs in (
        ("services", loaded.configs),
        ("plugins", loaded.extension_configs),
    ):
        for name, config in configs.items():
            data[section][name]["config"] = config.model_dump(mode="json")
    return list(_rows(data, loaded.origins, ()))


def tenant_rows(
    loaded: LoadedPlatform, tenant_id: str, environ: Mapping[str, str] = os.environ
) -> list[Row]:
    """Every value of one tenant. Reads its file again: origins of tenants are not kept.

    Raises:
        KeyError: when there is no such tenant.
        DeclarationError: when its file is not YAML any more.
    """
    tenant = loaded.tenants[tenant_id]
    origins = tenant_origins(loaded.tenants_folder / f"{tenant_id}.yaml", environ)
    data = tenant.model_dump(mode="json", exclude_none=True)
    for name, section in data["services"].items():
        if config := tenant.config_of(name):
            section["config"] = config.model_dump(mode="json")
    return list(_rows(data, origins, ()))


def _rows(value: Any, origins: Origins, path: Path) -> Iterator[Row]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _rows(item, origins, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _rows(item, origins, (*path, index))
    else:
        written = value if isinstance(value, str) else None
        yield Row(dotted(path), value, origins.of(path, written))
