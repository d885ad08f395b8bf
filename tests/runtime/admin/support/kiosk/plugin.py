"""The kiosk as a plugin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo, StoreNeed
from kiosk import api
from kiosk.service import SAGAS, Kiosk, Uncounted

POLICY = """\
package colonnade.services.kiosk

actions contains action if some action in {"sale.create", "sale.read", "sale.forbidden"}

grants contains [] if {
	input.principal.id == "service:operator"
	input.action in {"sale.create", "sale.read"}
}
"""


@hookimpl
def plugin_info():
    return PluginInfo("kiosk", "1.0", "kiosk")


@hookimpl
def create_service(ctx):
    @asynccontextmanager
    async def service() -> AsyncIterator[list[object]]:
        yield [Kiosk(ctx)]

    return service()


@hookimpl
def operations():
    return [api.Sell, api.GetCount, api.StartSale, api.Deliver, api.Rob]


@hookimpl
def events():
    return [api.Sold]


@hookimpl
def subscriptions():
    return [api.Sold]


@hookimpl
def sagas():
    return SAGAS


@hookimpl
def policies():
    return {"kiosk.rego": POLICY}


@hookimpl
def dead_letters(ctx):
    return [Uncounted()]


@hookimpl
def stores():
    return StoreNeed(migrations="kiosk.migrations", models="kiosk.models")
