"""Tenants as declared now: by id, by host name, and as policies see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from pydantic import ValidationError

from colonnade.errors import ConfigurationError, Forbidden, InvalidRequest, NotFound
from colonnade.policy import Facts, TenantPolicy
from colonnade.services import TenantInfo
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.declaration import Tenant
from colonnade_runtime.network.host_header import host_name

_REVISIONS = count(1)
_HTTP = 80


@dataclass(frozen=True, slots=True)
class TenantEntry:
    """A declared tenant with what is worked out from it once.

    `revision` is another number after every change of the declaration, within one process.
    """

    tenant: Tenant
    info: TenantInfo
    facts: Facts
    policy_data: Facts
    revision: int

    @classmethod
    def of(
        cls, tenant: Tenant, url: str = "", maximum_body: int = 0, editable: Sequence[str] = ()
    ) -> "TenantEntry":
        """The entry for a declaration; `url` is where the platform answers for it.

        Raises:
            pydantic.ValidationError: when the tenant's policy data is not of the known form.
        """
        info = TenantInfo(
            id=tenant.id,
            name=tenant.name,
            status=tenant.status,
            plan=tenant.plan,
            currency=tenant.currency,
            locale=tenant.locale,
            timezone=tenant.timezone,
            branding=tenant.branding.model_dump(exclude_none=True),
            owner_email=tenant.owner.email,
            links=tenant.links.model_dump(exclude_none=True),
            url=url,
            maximum_body=maximum_body,
            editable=tuple(editable),
        )
        facts = Facts({"id": tenant.id, "plan": tenant.plan, "status": tenant.status})
        return cls(
            tenant,
            info,
            facts,
            TenantPolicy.model_validate(tenant.policy).facts(),
            next(_REVISIONS),
        )


class TenantDirectory:
    """The declared tenants. `swap` changes them all at once.

    Every tenant answers at `<id>.<domain>` on `port`, where people come in; 0 is unknown.
    """

    def __init__(
        self,
        tenants: Mapping[str, Tenant],
        domain: str,
        port: int = 0,
        *,
        maximum_body: int = 0,
        editable: Sequence[str] = (),
    ) -> None:
        self._domain = domain
        self._maximum_body = maximum_body
        self._port = "" if port in (0, _HTTP) else f":{port}"
        self._entries: dict[str, TenantEntry] = {}
        self._hosts: dict[str, str] = {}
        self.swap(self.prepared(tenants, editable))

    def prepared(
        self, tenants: Mapping[str, Tenant], editable: Sequence[str] = ()
    ) -> dict[str, TenantEntry]:
        """Make the state that `swap` takes; nothing changes yet.

        Raises:
            ConfigurationError: when a tenant's policy data is not of the known form.
        """
        entries = {}
        for name, tenant in tenants.items():
            known = self._entries.get(name)
            try:
                if known and known.tenant == tenant and known.info.editable == tuple(editable):
                    entries[name] = known
                else:
                    entries[name] = self._entry_of(tenant, editable)
            except ValidationError as error:
                places = [".".join(map(str, found["loc"])) for found in error.errors()]
                raise ConfigurationError(
                    f"Tenant '{name}': `policy` is wrong at {', '.join(places)}."
                ) from None
        return entries

    def _entry_of(self, tenant: Tenant, editable: Sequence[str]) -> TenantEntry:
        url = f"http://{tenant.id}.{self._domain}{self._port}"
        return TenantEntry.of(tenant, url, self._maximum_body, editable)

    def swap(self, entries: dict[str, TenantEntry]) -> None:
        """Know these tenants from now on, and no others."""
        hosts = {f"{name}.{self._domain}": name for name in entries}
        for name, entry in entries.items():
            hosts.update({domain.lower(): name for domain in entry.tenant.domains})
        self._entries, self._hosts = entries, hosts

    def ids(self) -> list[str]:
        """Every declared tenant."""
        return list(self._entries)

    def is_known(self, tenant: str) -> bool:
        """True when the tenant is declared."""
        return tenant in self._entries

    def peek(self, tenant: str) -> TenantEntry | None:
        """The tenant's entry, if it is declared."""
        return self._entries.get(tenant)

    def entry(self, tenant: str) -> TenantEntry:
        """The tenant's entry.

        Raises:
            NotFound: when no such tenant is declared.
        """
        entry = self._entries.get(tenant)
        if entry is None:
            raise NotFound("There is no such academy here.")
        return entry

    def standing(self, tenant: str, service: str) -> TenantState:
        """State of the tenant for a service."""
        entry = self._entries.get(tenant)
        if entry is None:
            return TenantState.UNKNOWN
        if not entry.tenant.has_service(service):
            return TenantState.DISABLED
        return TenantState.ACTIVE if entry.tenant.is_active else TenantState.SUSPENDED

    def is_named(self, host: str, forwarded: str = "") -> bool:
        """True when a host is that of an academy, or is of the form that only academies have.

        Raises:
            InvalidRequest: the host is none.
        """
        asked = forwarded or host
        name = host_name(asked) if asked else ""
        return name in self._hosts or name.endswith("." + self._domain)

    def resolve(self, host: str, header: str | None, forwarded: str = "") -> TenantEntry:
        """The tenant that a request is for: the host decides, else `X-Tenant`.

        `forwarded` is the host that a trusted proxy was asked for, when it says so. It may not
        contradict `host`: a cache in between keeps answers by the one that it knows.

        Raises:
            InvalidRequest: host and header name different tenants, nothing names one, or the host
                is none.
            NotFound: no such tenant.
            Forbidden: the tenant is suspended.
        """
        asked = host_name(host) if host else ""
        name = host_name(forwarded) if forwarded else asked
        tenant = self._hosts.get(name)
        if self._hosts.get(asked, tenant) != tenant:
            raise InvalidRequest("Host is that of one academy, and the forwarded host another's.")
        if tenant is None and name.endswith("." + self._domain):
            raise NotFound("There is no such academy here.")
        if tenant is not None and header is not None and header != tenant:
            raise InvalidRequest(f"The host is that of '{tenant}', and X-Tenant names another.")
        wanted = tenant or header
        if wanted is None:
            raise InvalidRequest(
                "Which academy? Use its host name, such as "
                f"acme.{self._domain}, or the header X-Tenant."
            )
        entry = self.entry(wanted)
        if not entry.tenant.is_active:
            raise Forbidden("This academy is suspended.")
        return entry
