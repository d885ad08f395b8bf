"""Rules about the HTTP face."""

from collections import Counter
from collections.abc import Iterator

from litestar.routes import HTTPRoute

from colonnade.http import BINDING, Binding
from colonnade.operations import Stream
from colonnade_runtime.edge.openapi.document import bindings, openapi_document
from colonnade_runtime.plugins.route_paths import API
from colonnade_runtime.testing.contract.examination.plugin_application import application_of
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject


def routes_bind_operations(subject: Subject) -> Iterator[str]:
    """Each route binds one operation of the plugin's own; no route goes past the dispatcher."""
    try:
        application = application_of(subject)
    except NotTried as reason:
        yield f"{reason}."
        return
    for route in application.routes:
        if not isinstance(route, HTTPRoute):
            yield f"{route.path} is not an HTTP route."
            continue
        for handler in route.route_handlers:
            binding = handler.opt.get(BINDING)
            if "OPTIONS" in handler.http_methods:
                continue
            if not isinstance(binding, Binding):
                yield (
                    f"{route.path} ({handler.fn.__name__}) binds no operation; make it with "
                    "colonnade.http.get, post, …, or give it opt=bind(…)."
                )
            elif binding.operation.request not in subject.operations:
                yield f"{route.path} binds {binding.operation.name}, which is not offered here."
            elif binding.method not in handler.http_methods:
                yield f"{route.path} says {binding.method} and answers another method."


def paths_take_fields_of_their_requests(subject: Subject) -> Iterator[str]:
    """Each parameter in a path is a field of the request, so that none is passed over."""
    for path, binding in bindings(application_of(subject)):
        for part in path.split("/"):
            name = part.strip("{}")
            if part.startswith("{") and name not in binding.operation.request.model_fields:
                yield f"{path}: {binding.operation.name} has no field '{name}'."


def openapi_tells_of_every_route(subject: Subject) -> Iterator[str]:
    """OpenAPI lists each bound route once, with a summary."""
    application = application_of(subject)
    document = openapi_document(application, title=subject.package, version=subject.info.version)
    listed = [
        (method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    for method, path, described in listed:
        if not described.get("summary"):
            yield f"{method} {path} has no summary; give its request a docstring."
    known = {(method, path) for method, path, _ in listed}
    for path, binding in bindings(application):
        if path.startswith(API) and (binding.method, path) not in known:
            yield f"{binding.method} {path} is missing in OpenAPI."
    for name, count in Counter(item["operationId"] for _, _, item in listed).items():
        if count > 1:
            yield f"{count} routes have the operationId {name}; bind an operation once."


def streams_are_bound_as_such(subject: Subject) -> Iterator[str]:
    """An operation that takes or answers a stream is not bound as JSON."""
    for path, binding in bindings(application_of(subject)):
        stream = binding.operation.stream
        if stream is Stream.UPLOAD and binding.body == "application/json":
            yield f"{path}: {binding.operation.name} takes a stream; bind it with body=…."
        if stream is Stream.DOWNLOAD and binding.answer == "application/json":
            yield f"{path}: {binding.operation.name} answers a stream; bind it with answer=…."


CHECKS = (
    routes_bind_operations,
    paths_take_fields_of_their_requests,
    openapi_tells_of_every_route,
    streams_are_bound_as_such,
)
