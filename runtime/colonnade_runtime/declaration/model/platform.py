"""`platform.yaml`, version 1: every key, its type and its default."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from colonnade.quantities import Duration, Size
from colonnade.secrets import SecretReference
from colonnade_runtime.declaration.model.address import Address, BusAddress
from colonnade_runtime.declaration.model.hosts import host_name
from colonnade_runtime.declaration.model.networks import ProxyNetwork
from colonnade_runtime.declaration.model.section import Section, Version
from colonnade_runtime.declaration.model.web_origins import WebOrigin

Environment = Literal["development", "production"]

SERVICE_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,30}$"
NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"

ServiceName = Annotated[str, StringConstraints(pattern=SERVICE_NAME_PATTERN)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Folder = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Host = Annotated[str, StringConstraints(min_length=1, max_length=253)]
JsonObject = dict[str, JsonValue]


def _positive(duration: Duration) -> Duration:
    if duration <= 0:
        raise ValueError("must be longer than nothing")
    return duration


Timeout = Annotated[Duration, AfterValidator(_positive)]

MINIMUM_HEARTBEAT = 3.0
MAXIMUM_HEARTBEAT = 3600.0


def _several_beats(value: Duration) -> Duration:
    if float(value) < MINIMUM_HEARTBEAT:
        raise ValueError(f"must be {MINIMUM_HEARTBEAT:g}s or more: a process beats once a second")
    if float(value) > MAXIMUM_HEARTBEAT:
        raise ValueError("must be 1h or less: a process that stands still serves nobody meanwhile")
    return value


Heartbeat = Annotated[Duration, AfterValidator(_several_beats)]

MINIMUM_START = 10.0


def _time_to_load(value: Duration) -> Duration:
    if not MINIMUM_START <= float(value) <= MAXIMUM_HEARTBEAT:
        raise ValueError(
            f"must be from {MINIMUM_START:g}s to 1h: loading takes seconds, and a process that"
            " stands still in it serves nobody meanwhile"
        )
    return value


StartLimit = Annotated[Duration, AfterValidator(_time_to_load)]


def _from_a_second_to_a_day(duration: Duration) -> Duration:
    if not 1 <= duration <= 86_400:
        raise ValueError("must be between 1s and 1d")
    return duration


Memory = Annotated[Duration, AfterValidator(_from_a_second_to_a_day)]


def _some(size: Size) -> Size:
    if size <= 0:
        raise ValueError("must be more than nothing")
    return size


Times = Annotated[int, Field(ge=1, le=10_000_000)]


EditableKey = Literal[
    "name",
    "locale",
    "timezone",
    "branding",
    "branding.title",
    "branding.primary_color",
    "branding.accent_color",
    "branding.logo",
    "branding.website",
    "branding.support_email",
]
"""Keys of a tenant's file that open nothing to whoever may set them: neither money nor access."""


class ServiceSection(Section):
    """One service of the platform."""

    plugin: Name | None = None
    """Plugin that provides the service; without it, the installed one named like the service."""

    enabled: bool = True
    """True to run the service. Installed does not mean enabled."""

    timeout: Timeout = Duration(5)
    """Deadline of a call to it, over the bus as over HTTP, unless the operation or the caller says
    otherwise."""

    per_day: dict[str, Times] = Field(default_factory=dict)
    """Limit for one person and day, by operation, where it differs from the one that the
    operation itself declares."""

    config: JsonObject = Field(default_factory=dict)
    """Configuration of the service's plugin; its own documentation lists the keys."""


class ExtensionSection(Section):
    """One extension: a plugin that adds to services and provides none itself."""

    config: JsonObject = Field(default_factory=dict)
    """Configuration of the extension."""


class ListenSection(Section):
    """Address of one process; absent keys come from `gateway`."""

    host: Host | None = None
    """The address to listen on."""

    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """The port; 0 takes a free one."""

    docs: bool = False
    """True to serve `/docs` and the OpenAPI document of its own services."""


class HealthSection(Section):
    """Listener of its own for `/livez`, `/readyz` and `/metrics`."""

    host: Host | None = None
    """The address to listen on; without it that of the requests."""

    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """The port; 0 takes a free one, and without it there is no such listener."""


class ProcessSection(Section):
    """A named set of services that share one OS process."""

    services: Annotated[tuple[ServiceName, ...], Field(min_length=1)]
    """The services it hosts; each enabled service has exactly one process."""

    replicas: Annotated[int, Field(ge=1, le=256)] = 1
    """Number of replicas of this process."""

    gateway: ListenSection = ListenSection()
    """Address of its HTTP listener."""

    health: HealthSection = HealthSection()
    """Address of its health listener."""


_STORE_KINDS = {"file": "blobs"}


class StoreSection(Section):
    """Stores of data, by kind. A plain URL is the kind that its scheme serves."""

    short_form: ClassVar[str] = "sql"

    sql: Address | None = None
    """Tables: `sqlite:var/data`, or what a plugin adds."""

    documents: Address | None = None
    """Documents, for plugins that bring an adapter."""

    blobs: Address | None = None
    """Files: `file:var/blobs`, or what a plugin adds."""

    time_series: Address | None = None
    """Measurements over time, for plugins that bring an adapter."""

    @classmethod
    def write_out(cls, text: str) -> dict[str, Any]:
        """The mapping for a URL: `file:` is files, every other scheme tables."""
        return {_STORE_KINDS.get(text.partition(":")[0], "sql"): text}


class PolicySection(Section):
    """Policies: who may do what. A plain URL is the engine."""

    short_form: ClassVar[str] = "engine"

    engine: Address = Address(url="embedded:")
    """Engine that decides: `embedded:` in this process, or a server such as `opa+http://…`."""

    folder: Folder = "policies"
    """The folder of `.rego` files, from the folder of `platform.yaml`."""

    memory: Memory = Duration(300)
    """Longest time that a decision is remembered: between a second and a day."""


class ConnectionsSection(Section):
    """Bounds on the connections of one process, and on the time of their parts."""

    maximum: Annotated[int, Field(ge=16, le=1_000_000)] = 4096
    """Connections open at once. When they are nearly used up, those that wait longest are
    closed."""

    per_address: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Connections of one address, at most all; without it a quarter. Not for trusted proxies."""

    head: Timeout = Duration(10)
    """Time for the head of a request, from its first byte on."""

    idle: Timeout = Duration(75)
    """Time that a connection without a request stays open."""

    body: Timeout = Duration(30)
    """Time for the body of a request, uploads apart."""

    minimum_rate: Annotated[Size, AfterValidator(_some)] = Size(1024)
    """Bytes a second that an upload must reach on average beyond the time of `body`."""

    answer: Timeout = Duration(30)
    """Time that a client may take without reading any of its answer."""


class CorsSection(Section):
    """Cross-origin requests: pages of other origins that may use the API."""

    origins: Annotated[tuple[WebOrigin, ...], Field(max_length=100)] = ()
    """Origins that every academy lets in, such as `https://app.example`, unless it says its own."""


class GatewaySection(Section):
    """The HTTP edge."""

    host: Host = "127.0.0.1"
    """The address to listen on. Production must say it."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to listen on; 0 takes a free one."""

    domain: Annotated[str, AfterValidator(host_name)] = "localhost"
    """Every tenant answers at `<id>.<domain>`. Production must say it."""

    max_body: Size = Size(2**20)
    """The largest body of a JSON route. Uploads have a limit of their own."""

    row_cache: Size = Size(64 * 2**20)
    """Memory for the encoded answers of hot reads; `0B` keeps none."""

    timeout: Timeout = Duration(30)
    """Time for one request, streams apart."""

    health: HealthSection = HealthSection()
    """Address of the health listener, apart from requests. Production requires it."""

    connections: ConnectionsSection = ConnectionsSection()
    """Bounds on the connections of one process, and on the time of their parts."""

    docs: bool = True
    """True to serve `/docs` and the OpenAPI document."""

    cors: CorsSection = CorsSection()
    """Cross-origin requests: pages of other origins that may use the API."""

    trusted_proxies: tuple[ProxyNetwork, ...] = ()
    """Networks of the proxies whose `Forwarded` and `X-Forwarded-*` headers are believed."""


class WorkersSection(Section):
    """Processes apart, in which work that strangers choose is done and can be ended."""

    processes: Annotated[int, Field(ge=1, le=64)] = 2
    """Largest number of workers of each process. They start when needed."""

    waiting: Annotated[int, Field(ge=4, le=10_000)] = 64
    """Largest number of calls that wait for one; half of them of one academy. Beyond it, 503."""

    memory: Size = Size(2**30)
    """Memory that one worker may take."""


class TenantsSection(Section):
    """Tenants: the folder of their files, and what those may say."""

    folder: Folder = "tenants"
    """The folder of `<id>.yaml` files, from the folder of `platform.yaml`."""

    watch: bool = True
    """True to take up a changed file while the platform runs."""

    editable: tuple[EditableKey, ...] = ()
    """Keys of its own file that an academy may change over HTTP. Without any it may change none."""


class LoggingSection(Section):
    """Logging: level, format, access log and addresses."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe level that is logged."""

    format: Literal["auto", "console", "json"] = "auto"
    """`console` for people, `json` for machines; `auto` asks whether a terminal is there."""

    access: bool = True
    """True to write a line for every request."""

    client_address: Literal["full", "network", "none"] = "network"
    """Part of a client's address on a line: `network` is the first 24 bits of IPv4 and the first
    48 of IPv6."""


class ShutdownSection(Section):
    """Times of an orderly stop."""

    total: Timeout = Duration(20)
    """Time from the signal to the end of the process."""

    drain: Duration = Duration(10)
    """Part of it for running requests to finish."""


class SupervisionSection(Section):
    """Supervision: how `colonnade up` looks after the processes that it starts."""

    heartbeat: Heartbeat = Duration(10)
    """A process that stands still for longer than this, from 3s to 1h, is ended and started
    again."""

    start: StartLimit = Duration(120)
    """A process that is started and not loaded within this, from 10s to 1h, is ended and started
    again. Waiting for servers comes after that and has no limit."""


class Platform(Section):
    """Declaration of a platform, `platform.yaml`."""

    version: Version
    """The version of this format."""

    environment: Environment
    """`development` may rely on convenient defaults; `production` must say what matters."""

    services: dict[ServiceName, ServiceSection] = Field(default_factory=dict)
    """The services that run, by name."""

    plugins: dict[Name, ExtensionSection] = Field(default_factory=dict)
    """The extensions that are enabled, by name: a list, or a mapping with their `config`."""

    processes: dict[Name, ProcessSection] = Field(default_factory=dict)
    """Processes and their services. Without it all services run in one, called `main`."""

    stores: dict[ServiceName, StoreSection] = Field(default_factory=dict)
    """Stores of data: `default`, and by name the services that differ from it."""

    bus: BusAddress = BusAddress(url="memory:")
    """Bus that carries operations and events between services."""

    discovery: Address = Address(url="static:")
    """Discovery, by which the gateway finds the processes: `static:` at the addresses under
    `processes`, or a server that they report to, such as `nats://…`."""

    signing_key: SecretReference | None = None
    """Signs what one process tells another of who is calling; the same for all. Production must
    say it when the bus leaves the process."""

    policy: PolicySection = PolicySection()
    """Policies: who may do what."""

    gateway: GatewaySection = GatewaySection()
    """The HTTP edge."""

    workers: WorkersSection = WorkersSection()
    """Processes apart, in which work that strangers choose is done and can be ended."""

    tenants: TenantsSection = TenantsSection()
    """Tenants: the folder of their files, and what those may say."""

    logging: LoggingSection = LoggingSection()
    """Logging: level, format, access log and addresses."""

    shutdown: ShutdownSection = ShutdownSection()
    """Times of an orderly stop."""

    supervision: SupervisionSection = SupervisionSection()
    """Supervision: how `colonnade up` looks after its processes."""

    @property
    def is_production(self) -> bool:
        """True in production, where keys that matter have no default."""
        return self.environment == "production"

    @property
    def enabled_services(self) -> tuple[str, ...]:
        """The names of the services that run, in the order they were declared."""
        return tuple(name for name, section in self.services.items() if section.enabled)

    def placement(self) -> dict[str, ProcessSection]:
        """Every process with what it hosts; `main` with everything when none is declared."""
        if self.processes:
            return dict(self.processes)
        if not self.enabled_services:
            return {}
        return {"main": ProcessSection(services=self.enabled_services)}

    def store_of(self, service: str) -> StoreSection:
        """The stores of `service`: its own, and for other kinds those of `default`."""
        default = self.stores.get("default", DEFAULT_STORES)
        own = self.stores.get(service)
        if own is None:
            return default
        said = {kind: getattr(own, kind) for kind in own.model_fields_set}
        return default.model_copy(update=said)


DEFAULT_STORES = StoreSection(
    sql=Address(url="sqlite:var/data"), blobs=Address(url="file:var/blobs")
)
"""Default stores of a development platform."""
