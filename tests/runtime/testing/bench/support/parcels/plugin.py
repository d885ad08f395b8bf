"""The parcel service as a plugin."""

from contextlib import asynccontextmanager

from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo, StoreNeed
from parcels import api
from parcels.service import FETCHING, SCHEDULES, Parcels, ParcelsConfig

POLICY = """\
package colonnade.services.parcels

actions contains action if some action in {"parcel.create", "parcel.read", "parcel.burn"}

grants contains [] if {
	input.principal.kind == "user"
	input.action in {"parcel.create", "parcel.read"}
}
"""


@hookimpl
def plugin_info():
    return PluginInfo("parcels", "1.0.0", "parcels", requires=("carrier",))


@hookimpl
def config_model():
    return ParcelsConfig


@hookimpl
def create_service(ctx):
    @asynccontextmanager
    async def service():
        yield [Parcels(ctx)]

    return service()


@hookimpl
def operations():
    return [api.Accept, api.GetParcel, api.Burn]


@hookimpl
def events():
    return [api.Accepted, api.Returned]


@hookimpl
def subscriptions():
    return [api.Delivered, api.Returned]


@hookimpl
def sagas():
    return [FETCHING]


@hookimpl
def schedules():
    return SCHEDULES


@hookimpl
def can_reload(old, new):
    return []


@hookimpl
def policies():
    return {"parcels.rego": POLICY}


@hookimpl
def stores():
    return StoreNeed(migrations="parcels.migrations", models="parcels.models")
