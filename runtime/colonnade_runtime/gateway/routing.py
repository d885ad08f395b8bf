"""Routing: the service of a path, from the routes that the plugins declare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from litestar import Litestar

from colonnade_runtime.edge.http.mounting import mounted
from colonnade_runtime.plugins.plugin import Plugins


@dataclass(frozen=True, slots=True)
class Route:
    """A declared path, as `/api/v1/courses/{course_id}`, and the service that answers it."""

    service: str
    template: str


@dataclass(slots=True)
class _Node:
    route: Route | None = None
    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None


class RouteTable:
    """Finds the service of a path; a literal segment wins over a parameter, as in the services."""

    def __init__(self) -> None:
        self._root = _Node()
        self._services: set[str] = set()

    @property
    def services(self) -> set[str]:
        """Nodes that match any segment."""
        return set(self._services)

    def add(self, segments: Iterable[str | None], service: str, template: str = "") -> None:
        """A route of `service`; None stands for a parameter, which `template` names."""
        node = self._root
        for segment in segments:
            if segment is None:
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literal.setdefault(segment, _Node())
        node.route = Route(service, template)
        self._services.add(service)

    def find(self, path: str) -> Route | None:
        """The route of a path; nothing when it is nobody's."""
        return _find(self._root, path.strip("/").split("/"), 0)

    def service_of(self, path: str) -> str | None:
        """The service whose route this is; nothing when it is nobody's."""
        route = self.find(path)
        return None if route is None else route.service


def _find(node: _Node, segments: list[str], index: int) -> Route | None:
    if index == len(segments):
        return node.route
    literal = node.literal.get(segments[index])
    found = None if literal is None else _find(literal, segments, index + 1)
    if found is None and node.parameter is not None:
        return _find(node.parameter, segments, index + 1)
    return found


def routes_of(plugins: Plugins) -> Mapping[str, Litestar]:
    """Applications of each service's routes and pages, used for their descriptions only."""
    services = {name: plugins.services[name] for name in plugins.start_order}
    return {name: mounted(each.http_routes, each.pages) for name, each in services.items()}


def route_table(applications: Mapping[str, Litestar]) -> RouteTable:
    """The table of all services' routes."""
    table = RouteTable()
    for service, application in applications.items():
        for route in application.routes:
            parts = [part if isinstance(part, str) else None for part in route.path_components]
            table.add(parts, service, route.path_format)
    return table
