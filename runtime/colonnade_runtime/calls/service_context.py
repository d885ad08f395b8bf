"""Context of a service: all that the runtime gives it to work with."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from colonnade.blobs import BlobStore
from colonnade.clock import Clock
from colonnade.context import (
    Context,
    Principal,
    context_or_none,
    current_context,
    use_context,
)
from colonnade.errors import ConfigurationError
from colonnade.faults import Faults
from colonnade.identifiers import new_id
from colonnade.messages import Message, Request
from colonnade.operations import operation_of
from colonnade.secrets import Secret, SecretReference, SecretUnavailable
from colonnade.services import TenantInfo
from colonnade.store import SqlStore
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.low_priority import low_priority_threads
from colonnade_runtime.calls.secret_vault import SecretVault
from colonnade_runtime.calls.tenants import TenantDirectory
from colonnade_runtime.declaration import Tenant
from colonnade_runtime.workers.pool import Workers

ResponseT = TypeVar("ResponseT", bound=Message)
T = TypeVar("T")

ChangeDeclaration = Callable[[str, Mapping[str, str | None]], Awaitable[None]]
"""Changes a tenant's declaration, as `ServiceContext.change_tenant` says."""

THREADS = 2
"""Threads for slow, blocking work; two, so that hashing passwords leaves a core to the loop."""


class NoConfig(BaseModel):
    """Stands for the configuration of a service that takes none."""


class OwnerPasswords:
    """The declared passwords of owners; in development, one made up for each that has none."""

    def __init__(
        self, *, production: bool, vault: SecretVault, announce: Callable[[str], None]
    ) -> None:
        self._production = production
        self._vault = vault
        self._announce = announce

    def declared(self, tenant: Tenant) -> str | None:
        """The declared password, where there is one; none is made up."""
        try:
            reference = tenant.owner.password
            return None if reference is None else self._vault.secret(reference).reveal()
        except SecretUnavailable:
            return None

    def of(self, tenant: Tenant) -> str:
        """The password with which the owner's account is made.

        Raises:
            ConfigurationError: when it cannot be resolved in production.
        """
        reference = tenant.owner.password
        if reference is not None:
            try:
                return self._vault.secret(reference).reveal()
            except SecretUnavailable as error:
                if self._production:
                    raise ConfigurationError(
                        f"The password of the owner of '{tenant.id}' cannot be had: {error}"
                    ) from None
        elif self._production:
            raise ConfigurationError(f"Declare owner.password in the file of tenant '{tenant.id}'.")
        made = secrets.token_urlsafe(12)
        self._announce(
            f"{tenant.id}: the owner {tenant.owner.email} signs in with {made} (shown only now)"
        )
        return made


@dataclass
class RuntimeExtensionContext:
    """The runtime's `ExtensionContext`: what an extension and a service have in common."""

    name: str
    config: Any
    clock: Clock
    log: Any
    root: Path
    production: bool
    tenants: TenantDirectory
    vault: SecretVault
    faults: Faults
    threads: ThreadPoolExecutor
    low_priority: Callable[[], ThreadPoolExecutor]
    workers: Workers
    epoch: Callable[[], float]

    def tenant(self) -> TenantInfo:
        """The tenant in context, as declared now."""
        return self.tenants.entry(current_context().tenant).info

    def secret(self, reference: SecretReference) -> Secret:
        """The secret that a field of the configuration refers to."""
        return self.vault.secret(reference)

    async def in_worker(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run something slow and blocking off the event loop."""
        # With the context, so that what is logged there belongs to this call.
        run = partial(copy_context().run, function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self.threads, run)

    @property
    def low_priority_threads(self) -> int:
        """Threads that `in_low_priority` has."""
        return low_priority_threads()

    async def in_low_priority(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run native code that burns a processor behind the event loop's thread."""
        run = partial(copy_context().run, function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self.low_priority(), run)

    async def in_process(
        self, function: Callable[..., T], *arguments: Any, seconds: float = 2.0
    ) -> T:
        """Run work whose length strangers choose where it can be ended."""
        context = context_or_none()
        if context is None:
            person, left = ("", ""), None
        else:
            person = (context.tenant, context.principal.id)
            left = context.remaining(self.epoch())
        answer: T = await self.workers.run(
            function, arguments, seconds=seconds, person=person, left=left
        )
        return answer

    def new_id(self) -> UUID:
        """A new UUIDv7."""
        return new_id()


@dataclass
class RuntimeServiceContext(RuntimeExtensionContext):
    """The runtime's `ServiceContext`."""

    store: SqlStore
    blobs: BlobStore
    dispatcher: Dispatcher
    passwords: OwnerPasswords
    may_ask: frozenset[str]
    forget_principal: Callable[[str, str], None]
    events_left: Callable[[str], Awaitable[None]]
    extension_answers: Callable[[str, dict[str, Any]], Sequence[Any]]
    change_declaration: ChangeDeclaration

    async def ask(self, request: Request[ResponseT], *, deadline: float | None = None) -> ResponseT:
        """Ask a service that this one declared in `requires`, or itself."""
        service = operation_of(type(request)).service
        if service not in self.may_ask:
            raise ConfigurationError(
                f"Service '{self.name}' asks '{service}' without declaring it: "
                "add it to `requires` in plugin_info."
            )
        return await self.dispatcher.ask(request, deadline)

    def tenant_config(self) -> BaseModel:
        """Configuration of this service for the tenant in context."""
        declared = self.tenants.entry(current_context().tenant).tenant.config_of(self.name)
        return declared if declared is not None else NoConfig()

    async def change_tenant(self, changes: Mapping[str, str | None]) -> None:
        """Change the declaration of the tenant in context."""
        await self.change_declaration(current_context().tenant, changes)

    async def owner_password(self) -> str:
        """The declared password of the tenant's owner."""
        return self.passwords.of(self.tenants.entry(current_context().tenant).tenant)

    @contextmanager
    def as_service(self) -> Iterator[Context]:
        """Act as this service within the block, on behalf of the principal before."""
        context = current_context()
        principal = Principal.service(self.name, on_behalf_of=context.principal.id)
        with use_context(context.acting_as(principal)) as acting:
            yield acting

    def invalidate_principal(self, principal_id: str) -> None:
        """Forget what was verified of a principal of the tenant in context."""
        self.forget_principal(current_context().tenant, principal_id)

    async def published(self) -> None:
        """Wait until the committed events of the tenant in context have left, within a bound."""
        await self.events_left(current_context().tenant)

    def extensions(self, hook: str, **arguments: Any) -> Sequence[Any]:
        """Answers of the enabled plugins to a hook that this service owns."""
        return self.extension_answers(hook, arguments)
