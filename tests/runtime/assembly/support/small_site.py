"""A platform of almost nothing, for tests of the runtime alone: made-up plugins, two tenants."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo, ServiceContext
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.process.runtime import Runtime

ENTRY_POINT = Path(__file__).parents[4] / "policies" / "colonnade.rego"

PLATFORM = """\
version: 1
environment: development
"""

TENANT = """\
version: 1
id: {name}
name: The {name} academy
owner: {{email: owner@{name}.example}}
currency: EUR
"""


def make_site(folder: Path, platform: str = "", **tenants: str) -> Path:
    """Write a platform into `folder`; each keyword is a tenant and what its file says more."""
    for name in ("tenants", "policies"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(ENTRY_POINT, folder / "policies")
    (folder / "platform.yaml").write_text(PLATFORM + platform)
    for name, more in (tenants or {"acme": "", "globex": ""}).items():
        (folder / "tenants" / f"{name}.yaml").write_text(TENANT.format(name=name) + more)
    return folder / "platform.yaml"


def make_plugin(name: str, service: str | None = None, **hooks: Any) -> ModuleType:
    """A plugin of these hooks; a service yields no objects unless `create_service` says so."""
    module = ModuleType(f"example_{name}")
    implements = hooks.pop("implements", ())

    def plugin_info() -> PluginInfo:
        return PluginInfo(name, "1.0", service, implements=implements)

    @asynccontextmanager
    async def nothing(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        yield ()

    def create_service(ctx: ServiceContext) -> Any:
        return nothing(ctx)

    found = {"plugin_info": plugin_info, **hooks}
    if service is not None:
        found.setdefault("create_service", create_service)
    for hook, implementation in found.items():
        implementation.__name__ = hook
        setattr(module, hook, hookimpl(implementation))
    return module


def runtime_of(platform: Path, *plugins: ModuleType, settings: Sequence[str] = ()) -> Runtime:
    """The runtime of a written platform, not started."""
    return Runtime(read_declaration(platform, settings, extra=plugins), announce=lambda text: None)


@asynccontextmanager
async def started(runtime: Runtime) -> AsyncIterator[Runtime]:
    """The runtime, ready for the block."""
    await runtime.start()
    try:
        yield runtime
    finally:
        await runtime.stop()
