"""Options of a `nats://` URL: servers, user, TLS, and how streams are kept."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from colonnade.errors import ConfigurationError
from colonnade.quantities import Duration

DEFAULT_PORT = 4222
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_FORM = "nats://user@host:4222,host2:4222?replicas=3"
_KNOWN = ("replicas", "max_age", "tls_ca", "tls_cert", "tls_key", "credentials")


@dataclass(frozen=True, slots=True)
class NatsOptions:
    """A read URL. `max_age` is in seconds: how long a stream keeps an event.

    `credentials` is the path of a `.creds` file; `token` is the password of a URL without user.
    """

    servers: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    token: str | None = None
    credentials: str | None = None
    tls: ssl.SSLContext | None = None
    replicas: int = 1
    max_age: float = 7 * 86400.0


def own_user(url: str, process: str) -> str:
    """`url` for one process: one declaration gives each a user, and files, of its own."""
    return url.replace("{process}", process)


def read_options(url: str, root: Path, password: str | None = None) -> NatsOptions:
    """The options in `url`; relative paths begin at `root`.

    Raises:
        ConfigurationError: in a sentence that says what to write instead.
    """
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    if parts.path.strip("/") or not hosts or not all(map(_HOST.fullmatch, hosts.split(","))):
        raise ConfigurationError(f"'{url}' names no server; write {_FORM}.")
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in said.keys() - set(_KNOWN):
        raise ConfigurationError(f"'{name}' is no option here; there are {', '.join(_KNOWN)}.")
    secure = parts.scheme == "tls"
    if not secure:
        _check_no_tls(said)
    files = {name: str(root / value) for name, value in said.items() if name not in _KNOWN[:2]}
    return NatsOptions(
        servers=tuple(_server(host) for host in hosts.split(",")),
        user=unquote(user) or None,
        password=password if user else None,
        token=None if user else password,
        credentials=files.get("credentials"),
        tls=_tls(files) if secure else None,
        replicas=_replicas(said.get("replicas", "1")),
        max_age=_max_age(said.get("max_age", "7d")),
    )


def _server(host: str) -> str:
    has_port = re.search(r":\d+\Z", host) is not None and not host.endswith("]")
    # nats-py chooses TLS by its context; the scheme is the same for both.
    return f"nats://{host}" if has_port else f"nats://{host}:{DEFAULT_PORT}"


def _replicas(text: str) -> int:
    if text not in {"1", "3", "5"}:
        raise ConfigurationError("replicas is 1, 3 or 5: how many servers keep each event.")
    return int(text)


def _max_age(text: str) -> float:
    try:
        seconds = float(Duration.parse(text))
    except ValueError as error:
        raise ConfigurationError(f"max_age {error}.") from None
    if seconds < 3600:
        raise ConfigurationError("max_age is at least an hour, or a short stop would lose events.")
    return seconds


def _check_no_tls(said: dict[str, str]) -> None:
    for name in said.keys() & {"tls_ca", "tls_cert", "tls_key"}:
        raise ConfigurationError(f"'{name}' is for tls://…; this URL begins with nats://.")


def _tls(files: dict[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=files.get("tls_ca"))
        if "tls_cert" in files:
            context.load_cert_chain(files["tls_cert"], files.get("tls_key"))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"The TLS files of the bus cannot be used: {error}.") from None
    return context
