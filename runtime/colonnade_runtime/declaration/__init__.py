"""The declaration: `platform.yaml` and `tenants/<id>.yaml`, from bytes to valid models.

`load_platform_outline` says which plugins a platform wants; `load_platform` reads everything
with the models of those plugins; `load_tenant` reads one tenant again.
"""

from colonnade_runtime.declaration.configs import ConfigModels
from colonnade_runtime.declaration.loader import LoadedPlatform, load_platform
from colonnade_runtime.declaration.model.address import Address
from colonnade_runtime.declaration.model.platform import Platform, ProcessSection, StoreSection
from colonnade_runtime.declaration.model.tenant import Tenant
from colonnade_runtime.declaration.outline import (
    PlatformOutline,
    ServiceOutline,
    load_platform_outline,
)
from colonnade_runtime.declaration.references import DeclaredSecret, declared_secrets
from colonnade_runtime.declaration.rendering import Row, platform_rows, tenant_rows
from colonnade_runtime.declaration.schema import platform_schema, tenant_schema
from colonnade_runtime.declaration.tenant_files import domain_conflicts, load_tenant
from colonnade_runtime.declaration.yaml.origins import Origin, OriginKind, Origins
from colonnade_runtime.declaration.yaml.problems import DeclarationError, Location, Problem

__all__ = [
    "Address",
    "ConfigModels",
    "DeclarationError",
    "DeclaredSecret",
    "LoadedPlatform",
    "Location",
    "Origin",
    "OriginKind",
    "Origins",
    "Platform",
    "PlatformOutline",
    "Problem",
    "ProcessSection",
    "Row",
    "ServiceOutline",
    "StoreSection",
    "Tenant",
    "declared_secrets",
    "domain_conflicts",
    "load_platform",
    "load_platform_outline",
    "load_tenant",
    "platform_rows",
    "platform_schema",
    "tenant_rows",
    "tenant_schema",
]
