"""Origins of web pages (RFC 6454) as a declaration may write them."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from colonnade_runtime.declaration.model.hosts import host_name, is_loopback

_FORM = re.compile(r"https?://(?:[^/?#@:\[\]]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _web_origin(text: str) -> str:
    if not _FORM.fullmatch(text):
        raise ValueError(
            "is no origin such as https://app.example: scheme, host and perhaps a port"
        )
    parts = urlsplit(text)
    if not text.partition("//")[2].startswith("["):
        host_name(parts.hostname or "")
        if parts.hostname != parts.netloc.partition(":")[0]:
            raise ValueError("must be in small letters, as browsers send it")
    if parts.port is not None and parts.port == _DEFAULT_PORTS[parts.scheme]:
        raise ValueError(f"must leave out the port {parts.port}, as browsers do")
    return text


WebOrigin = Annotated[str, StringConstraints(max_length=300), AfterValidator(_web_origin)]
"""An origin as a browser sends it, such as `https://app.example` or `http://localhost:5173`."""


def is_plain(origin: str) -> bool:
    """True for one over http that is not of this machine alone: anybody on the way can be it."""
    host = urlsplit(origin).hostname or ""
    return origin.startswith("http:") and not is_loopback(host)


def host_of(origin: str) -> str:
    """The host of an origin."""
    return urlsplit(origin).hostname or ""
