"""Application of a plugin's routes alone, without a platform around it."""

from litestar import Litestar

from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject


def application_of(subject: Subject) -> Litestar:
    """The plugin's routes alone, as the gateway mounts them.

    Raises:
        NotTried: when Litestar refuses them.
    """
    handlers = list(subject.answer("http_routes") or ())
    try:
        return Litestar(handlers, path="/api/v1", openapi_config=None, logging_config=None)
    except Exception as error:
        raise NotTried(f"the routes cannot be mounted: {error}") from error
