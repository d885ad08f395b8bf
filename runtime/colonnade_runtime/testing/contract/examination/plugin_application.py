"""Application of a plugin's routes alone, without a platform around it."""

from litestar import Litestar

from colonnade_runtime.edge.http.mounting import mounted
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject


def application_of(subject: Subject) -> Litestar:
    """The plugin's routes and pages alone, as the gateway mounts them.

    Raises:
        NotTried: when Litestar refuses them.
    """
    routes, pages = subject.answer("http_routes") or (), subject.answer("pages") or ()
    try:
        return mounted(routes, pages)
    except Exception as error:
        raise NotTried(f"the routes cannot be mounted: {error}") from error
