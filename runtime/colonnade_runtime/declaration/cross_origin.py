"""Check of the origins that academies let in: those of the platform, or their own."""

from collections.abc import Iterator

from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.declaration.model.tenant import Tenant
from colonnade_runtime.declaration.model.web_origins import host_of, is_plain
from colonnade_runtime.declaration.yaml.problems import Problem

PLAIN = "production must say https: over http anybody on the way can be this page"


def cross_origin_problems(tenant: Tenant, platform: Platform) -> Iterator[Problem]:
    """Every origin of `tenant` that is neither the platform's nor on a domain of its own."""
    for index, origin in enumerate(tenant.cors.origins or ()):
        place, path = tenant._origin_places[index], f"cors.origins[{index}]"
        if origin not in platform.gateway.cors.origins and not _is_own(origin, tenant):
            message = (
                "is neither among 'gateway.cors.origins' nor on a domain of this academy's;"
                " list its domain under 'domains', or the origin there"
            )
            yield Problem.at(place, path, message)
        elif platform.is_production and is_plain(origin):
            yield Problem.at(place, path, PLAIN)


def _is_own(origin: str, tenant: Tenant) -> bool:
    host = host_of(origin)
    return any(host == domain or host.endswith(f".{domain}") for domain in tenant.domains)
