"""Services: the identity of a plugin, and the context that the runtime gives a service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from typing_extensions import Protocol, TypeVar

from colonnade.blobs import BlobStore
from colonnade.clock import Clock
from colonnade.faults import Faults
from colonnade.messages import Message, Request
from colonnade.secrets import Secret, SecretReference
from colonnade.store import Session, SqlStore

ResponseT = TypeVar("ResponseT", bound=Message)
T = TypeVar("T")
ConfigT_co = TypeVar("ConfigT_co", bound=BaseModel, default=BaseModel, covariant=True)
TenantConfigT_co = TypeVar("TenantConfigT_co", bound=BaseModel, default=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Identity of a plugin.

    `service` is the name of the service it provides, empty for an extension. `requires` names
    the services it may ask; the whole must be acyclic. Event subscriptions may cycle.
    `implements` names the services whose own hooks an extension implements: it is placed with them.
    `roles` are those that its authenticators give to people, so that a policy which names another
    is refused; while no plugin says any, roles are not checked.
    """

    name: str
    version: str
    service: str | None = None
    requires: tuple[str, ...] = ()
    implements: tuple[str, ...] = ()
    description: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TenantInfo:
    """Facts about a tenant for services. Secrets are not part of them.

    `links` are addresses of its front end by what they are for, with `{token}` in them. `url` is
    where the platform itself answers for it, by `gateway.domain` and the port that is bound; what
    a proxy in front calls it, the platform does not know. `maximum_body` is how many bytes a JSON
    body may have, and `editable` the keys of its declaration that `change_tenant` takes.
    """

    id: str
    name: str
    status: str
    plan: str
    currency: str
    locale: str
    timezone: str
    branding: Mapping[str, Any] = field(default_factory=dict)
    owner_email: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    maximum_body: int = 0
    editable: tuple[str, ...] = ()


class Ask(Protocol):
    """Asks an operation of another service, or of one's own, wherever it runs."""

    async def __call__(
        self, request: Request[ResponseT], *, deadline: float | None = None
    ) -> ResponseT:
        """The answer to `request`; `deadline` in seconds can only shorten what is left.

        Raises:
            ColonnadeError: of the class that the operation declares; `Unavailable` when it did
                not happen, `DeadlineExceeded` when it may have.
        """
        ...


class ExtensionContext(Protocol[ConfigT_co]):
    """Context of a plugin that implements a hook which a service owns.

    The type argument is the plugin's config model: with `ctx: ExtensionContext[PagerConfig]` a
    type checker knows `ctx.config`. Without one it is a `BaseModel`.

    The runtime passes one as `ctx` when the specification of the hook names that argument; each
    plugin gets its own. A service that implements its own hook gets its `ServiceContext`.
    """

    name: str
    """The plugin's own name, as under `plugins:`."""
    clock: Clock
    log: Any
    """A structlog logger bound to the plugin's name."""
    root: Path
    """The folder of platform.yaml: relative paths in a configuration begin there."""
    production: bool
    """True when `environment` is production: keys that matter must be declared, not defaulted."""
    faults: Faults
    """Reporter for the parts that this plugin stands on: broken, and working again."""

    @property
    def config(self) -> ConfigT_co:
        """`plugins.<name>.config` of platform.yaml, as the plugin's config model."""
        ...

    def tenant(self) -> TenantInfo:
        """The tenant in context, as declared now."""
        ...

    def secret(self, reference: SecretReference) -> Secret:
        """The secret that a field of the type `SecretReference` stands for, in this plugin's own
        configuration or a tenant's. Ask when it is needed and keep the answer no longer than the
        call: a reload may change it. Call `reveal()` only to hand it to the library that needs it.

        Raises:
            SecretUnavailable: when its place holds none. Production does not start then.
        """
        ...

    async def in_worker(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run something slow and blocking on a small pool of threads, off the event loop.

        Nothing can end a thread, and all that a service does so shares them: what a stranger's
        input can make long belongs `in_process`.
        """
        ...

    @property
    def low_priority_threads(self) -> int:
        """Threads that `in_low_priority` has: one less than processors, and one at least."""
        ...

    async def in_low_priority(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run native code that burns a processor and lets go of the interpreter's lock meanwhile,
        such as the hash of a password, on threads that all services share.

        They stand behind the event loop's thread, on Linux by their priority, everywhere by being
        fewer than the processors. Python code does not belong here: it would hold the lock that
        the loop waits for, at a low priority.
        """
        ...

    async def in_process(
        self, function: Callable[..., T], *arguments: Any, seconds: float = 2.0
    ) -> T:
        """Run work whose length strangers choose in a process apart, which is ended when it takes
        more than `seconds` of processor time or the declared memory (`workers`).

        `function` is a function of a module, and declares the types of its parameters and of what
        it returns: those that msgspec knows (`bytes`, `str`, numbers, lists, dictionaries, data
        classes). Its module should import little. It gets no context, no environment and no open
        file. What it raises is raised here if its module knows the class by name.

        Calls wait in turn: academy by academy, and in one person by person.

        Raises:
            WorkEnded: it was ended; `details["reason"]` says what it had too much of.
            DeadlineExceeded: the time of the call in context was used up first; it was ended.
            Unavailable: too many wait; nothing was done.
            InternalError: it raised a class that its module does not name.
        """
        ...

    def new_id(self) -> UUID:
        """A new UUIDv7 from the platform's source of ids."""
        ...


class ServiceContext(ExtensionContext[ConfigT_co], Protocol[ConfigT_co, TenantConfigT_co]):
    """Context of a service: all that the runtime gives it. Made once per service and process.

    The type arguments are the models of `config_model` and `tenant_config_model`, as in
    `ServiceContext[QuizConfig, TenantQuizConfig]`. Each is a `BaseModel` where it is left out.
    """

    name: str
    """The service's own name."""
    store: SqlStore
    """The service's tables, for the tenant in context."""
    blobs: BlobStore
    """The service's files, for the tenant in context."""

    @property
    def config(self) -> ConfigT_co:
        """`services.<name>.config` of platform.yaml, as the plugin's config model."""
        ...

    @property
    def ask(self) -> Ask:
        """Asks operations of the services named in `requires`, and of this one."""
        ...

    def tenant_config(self) -> TenantConfigT_co:
        """`services.<name>.config` of the tenant in context."""
        ...

    async def owner_password(self) -> str:
        """The declared password of the tenant's owner, resolved now. Only for the service that
        keeps accounts, while it provisions a tenant.

        Raises:
            ConfigurationError: when the secret cannot be resolved in production.
        """
        ...

    async def change_tenant(self, changes: Mapping[str, str | None]) -> None:
        """Change the declaration of the tenant in context: dotted key, as `branding.title`, → its
        new text, or None to take it away. All of it is in force afterwards, or nothing was changed.

        Raises:
            Conflict: a key is not among `TenantInfo.editable`, or cannot be changed by a machine
                where it stands; whoever runs the platform can.
            ValidationFailed: the declaration would not be valid; the pointers name the keys.
        """
        ...

    def as_service(self) -> AbstractContextManager[Any]:
        """Act as this service within the block, on behalf of the principal before."""
        ...

    def invalidate_principal(self, principal_id: str) -> None:
        """Forget what was verified of a principal of the tenant in context: role, status or
        sessions of it have changed. Takes effect here at once, elsewhere within one second."""
        ...

    async def published(self) -> None:
        """Wait until the events that were committed for the tenant in context have left for the
        other processes, half a second at most: for what must not be unknown there when this
        process is gone a moment later. Where all services share a process nothing is waited for.
        """
        ...

    def extensions(self, hook: str, **arguments: Any) -> Sequence[Any]:
        """Answers of the enabled plugins, services and then extensions, to a hook that this service
        owns: one of each that implements it, in that order.

        A service may implement its own hook beside others. When the hook's specification has an
        argument `ctx: ExtensionContext`, each plugin gets a context of its own there; do not
        pass one. Call it while the service is set up, and keep the answers.

        Raises:
            LookupError: when nobody specifies such a hook; `add_hookspecs` does.
        """
        ...


class OwnerStanding(StrEnum):
    """Sign-in of an academy's owner."""

    DECLARED = "declared"
    """Password that is declared now."""
    MADE_UP = "made_up"
    """Password that was generated and printed when the account was made."""
    CHANGED = "changed"
    """Password that was set since."""
    DIFFERS = "differs"
    """Password of when the account was made; another is declared now."""


@dataclass(frozen=True, slots=True)
class StoreNeed:
    """Tables and migrations of a service.

    `migrations` is the import path of its migrations package, `models` of the module whose
    `Base.metadata` the migrations lead to. `provision` names `<module>:<function>` of an
    `async def provision(ctx) -> Work | None`, called once for a new tenant: what it returns runs
    in the same transaction that marks the store as provisioned.

    `owner_standing` names, for the service that keeps accounts, the `<module>:<function>` of an
    `async def owner_standing(ctx, declared: str | None) -> OwnerStanding | None`, which is told the
    owner's declared password, if there is one, and answers how the owner signs in.
    """

    migrations: str
    models: str
    provision: str | None = None
    owner_standing: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Schedule: work from time to time, for every tenant that has work in the service's store.

    `run` is the name of an `async def` method without arguments on one of the service's
    objects; `every` is in seconds. One process at a time owns it.
    """

    name: str
    every: float
    run: str


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Says whether a part of a service can work; `check` returns a sentence when it cannot.

    `mend` tells the operator what to do about it.
    """

    name: str
    check: Callable[[], Awaitable[str | None]]
    mend: str = ""


class Authenticator(Protocol):
    """Turns credentials into a principal of the tenant in context."""

    async def __call__(self, scheme: str, credentials: str) -> Any:
        """The `Principal`, or None when the scheme is not this authenticator's.

        Raises:
            Unauthenticated: when the credentials are of this scheme and not valid here.
        """
        ...


__all__ = [
    "Ask",
    "Authenticator",
    "ExtensionContext",
    "HealthCheck",
    "OwnerStanding",
    "PluginInfo",
    "Schedule",
    "ServiceContext",
    "Session",
    "StoreNeed",
    "TenantInfo",
]
