"""Secrets: declared as references, resolved late, masked in every output.

A declaration holds `{secret: env:STRIPE_KEY}` or `{secret: file:/run/secrets/stripe}`, never the
value. The reference becomes a `Secret` when a service starts, and only `Secret.reveal()` shows it.
"""

import hmac
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from colonnade.errors import ConfigurationError

MASK = "********"
"""Text that every output shows in place of a secret."""

MAXIMUM_SECRET_BYTES = 65_536
"""The largest secret that a file may hold: room for a certificate chain."""

REFERENCE_PATTERN = r"^[a-z][a-z0-9+.-]{0,31}:.{1,1024}$"
_REFERENCE = re.compile(REFERENCE_PATTERN)
_ADVICE = "write {secret: env:NAME} or {secret: file:/path}"


class SecretUnavailable(ConfigurationError):
    """A secret is declared, but its place holds none."""

    code = "secret_unavailable"
    title = "A secret cannot be read"


class SecretUnusable(SecretUnavailable):
    """Value in the place of a secret that cannot be meant as one."""


class Secret:
    """The value of a secret. Every way of printing it shows a mask; `reveal` gives the text.

    Comparing takes the same time wherever two secrets differ.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself. Hand it to the library that needs it, and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __format__(self, specification: str) -> str:
        return format(MASK, specification)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would tell equal secrets apart from others

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("A secret is never pickled; pass its reference instead.")


@dataclass(frozen=True, slots=True, repr=False)
class SecretReference:
    """Reference to a secret: `scheme` picks the resolver, `locator` is its own affair.

    As a field of a pydantic model it is read from `{secret: scheme:locator}` and nothing else.
    """

    scheme: str
    locator: str

    @classmethod
    def parse(cls, text: str) -> "SecretReference":
        """The reference written `scheme:locator`.

        Raises:
            ValueError: when `text` has another form; the message does not repeat it.
        """
        if not _REFERENCE.fullmatch(text):
            raise ValueError(f"is not a place where a secret can be; {_ADVICE}")
        scheme, _, locator = text.partition(":")
        return cls(scheme, locator)

    def __repr__(self) -> str:
        return f"SecretReference('{MASK}')"

    def __str__(self) -> str:
        return MASK

    @classmethod
    def _from_declaration(cls, value: object) -> "SecretReference":
        if isinstance(value, SecretReference):
            return value
        if isinstance(value, dict) and value.keys() == {"secret"}:
            text = value["secret"]
            if isinstance(text, str) and _REFERENCE.fullmatch(text):
                return cls.parse(text)
            raise PydanticCustomError(
                "secret_reference", "is not a place where a secret can be; " + _ADVICE
            )
        raise PydanticCustomError(
            "secret_expected", "is a secret and must not stand here itself; " + _ADVICE
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._from_declaration,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda reference: MASK, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "title": "SecretReference",
            "description": "Where the secret is: an environment variable or a file.",
            "type": "object",
            "properties": {
                "secret": {
                    "type": "string",
                    "pattern": REFERENCE_PATTERN,
                    "examples": ["env:STRIPE_KEY", "file:/run/secrets/stripe"],
                }
            },
            "required": ["secret"],
            "additionalProperties": False,
        }


SecretResolver = Callable[[str], str]
"""Resolver from a locator to the secret's text; raises `SecretUnavailable` when there is none."""


def environment_resolver(environ: Mapping[str, str] = os.environ) -> SecretResolver:
    """Resolves `env:NAME` from `environ`. An empty variable counts as unset."""

    def resolve_variable(name: str) -> str:
        value = environ.get(name, "")
        if not value:
            raise SecretUnavailable(f"The environment variable {name} is not set. Set it.")
        if not value.strip():
            raise SecretUnusable(f"The environment variable {name} holds nothing but blanks.")
        return value

    return resolve_variable


def resolve_file(path: str) -> str:
    """The text of the file at `path`, without a byte order mark and the line end that closes it.

    Raises:
        SecretUnavailable: when there is no such file.
        SecretUnusable: when it is no file, cannot be read, is empty, too large or not UTF-8.
    """
    data = _bytes_of(Path(path))
    if len(data) > MAXIMUM_SECRET_BYTES:
        limit = f"{MAXIMUM_SECRET_BYTES} bytes"
        raise SecretUnusable(f"The secret file {path} is larger than {limit}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SecretUnusable(f"The secret file {path} is not UTF-8 text.") from None
    if not text.strip():
        raise SecretUnusable(f"The secret file {path} is empty.")
    return text.removesuffix("\n").removesuffix("\r")


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file() and path.exists():
            # A pipe would keep the reader waiting for ever.
            kind = "a folder" if path.is_dir() else "no file"
            raise SecretUnusable(
                f"The secret file {path} cannot be read: it is {kind}; name the file itself."
            )
        with path.open("rb") as file:
            return file.read(MAXIMUM_SECRET_BYTES + 1)
    except FileNotFoundError:
        raise SecretUnavailable(
            f"The secret file {path} cannot be read: there is no such file."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be one"
        raise SecretUnusable(f"The secret file {path} cannot be read: {reason}.") from None


def standard_resolvers(environ: Mapping[str, str] = os.environ) -> dict[str, SecretResolver]:
    """The schemes that need no plugin: `env` and `file`."""
    return {"env": environment_resolver(environ), "file": resolve_file}


def resolve(reference: SecretReference, resolvers: Mapping[str, SecretResolver]) -> Secret:
    """The secret that `reference` names. Blocks on the disk: call it while starting.

    Raises:
        SecretUnavailable: when no resolver has its scheme, or its place holds no secret.
    """
    resolver = resolvers.get(reference.scheme)
    if resolver is None:
        known = ", ".join(sorted(resolvers))
        raise SecretUnavailable(
            f"No plugin resolves secrets of the scheme '{reference.scheme}'. Known: {known}."
        )
    return Secret(resolver(reference.locator))
