"""Addresses of servers and stores: a URL whose scheme names the adapter."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from colonnade.secrets import SecretReference
from colonnade_runtime.declaration.model.section import Section

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}:")
_PASSWORD = re.compile(r"[^:]+://[^/?#@]*:[^/?#]*@")


def _url(text: str) -> str:
    if not _SCHEME.match(text):
        raise ValueError("is not a URL such as sqlite:var/data or nats://127.0.0.1:4222")
    if any(character.isspace() for character in text):
        raise ValueError("holds a space; write it as %20")
    if _PASSWORD.match(text):
        raise ValueError(
            "holds a password; write {url: …, password: {secret: env:NAME}} and leave it out of"
            " the URL"
        )
    return text


class Address(Section):
    """Address of a server or store. A plain text is its URL."""

    short_form: ClassVar[str] = "url"

    url: Annotated[
        str,
        Field(min_length=2, max_length=2048),
        AfterValidator(_url),
    ]
    """The scheme names the adapter: `sqlite:`, `file:`, `memory:`, `nats:`, `opa+http:`, …"""

    password: SecretReference | None = None
    """The password of the user that the URL names."""

    @property
    def scheme(self) -> str:
        """The part of the URL that names the adapter."""
        return self.url.partition(":")[0]

    def __str__(self) -> str:
        return self.url


class BusAddress(Address):
    """Address of the bus."""

    administrator: SecretReference | None = None
    """The password of the server's user `administrator`, who makes there what the bus needs. With
    it every start does so; without it `colonnade nats setup` does, run by whoever has it."""
