"""The user service on a bench, in three academies that proxies stand in front of."""

from typing import Any

from user_academy import Academy

from colonnade.context import Principal, use_context
from colonnade.events import Event
from colonnade.messages import Request
from colonnade_runtime.testing import ServiceBench
from colonnade_user import plugin

TENANTS = ("acme", "globex", "cloister")
CLOSED = "cloister"
"""The academy that lets nobody register themself."""

OWNER_VARIABLE = "USER_BENCH_OWNER_PASSWORD"
"""Variable of the environment that holds the owners' first password."""

DEVELOPMENT: dict[str, Any] = {"gateway": {"trusted_proxies": ["127.0.0.1/32"]}}
"""Keys of platform.yaml in development: whoever asks comes from here, and says for whom."""

PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "gateway": {
        **DEVELOPMENT["gateway"],
        "host": "127.0.0.1",
        "domain": "academies.example",
        "health": {"port": 0},
    },
}
"""Keys of platform.yaml in production, which says what development may leave out."""


class UserBench(ServiceBench):
    """Academies with the user service alone, empty but for their owners."""

    def __init__(
        self,
        config: dict[str, Any] | None = None,
        platform: dict[str, Any] = DEVELOPMENT,
        **options: Any,
    ) -> None:
        super().__init__(
            plugin,
            config={"user": config or {}},
            platform=platform,
            tenants={name: _tenant(name) for name in TENANTS},
            **options,
        )

    def academy(self, tenant: str) -> Academy:
        """An academy, over HTTP."""
        return Academy(tenant, self.client(tenant=tenant))

    async def hears(self, tenant: str, *events: Event) -> None:
        """Handle events of other services, one after the other."""
        for event in events:
            await self.deliver(event, tenant=tenant)

    async def as_service(self, tenant: str, name: str, request: Request[Any]) -> Any:
        """Answer a service that asks for itself."""
        return await self.ask(request, as_=self.service(name), tenant=tenant)

    def acting(self, tenant: str) -> Any:
        """The service's own context in an academy, for a block."""
        return use_context(self.context(Principal.service("user"), tenant=tenant))


def _tenant(name: str) -> dict[str, Any]:
    registration = "closed" if name == CLOSED else "open"
    return {
        "owner": {
            "email": f"Owner@{name}.example",
            "password": {"secret": f"env:{OWNER_VARIABLE}"},
        },
        "services": {"user": {"config": {"registration": registration}}},
    }
