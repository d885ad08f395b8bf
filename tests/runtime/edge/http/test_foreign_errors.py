"""Every exception that a library can raise at the edge has an answer that was chosen."""

import importlib
import inspect
import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

import colonnade.errors
from colonnade_runtime.calls.foreign_errors import known_error

LIBRARIES = (
    "builtins",
    "asyncio",
    "json",
    "zoneinfo",
    "decimal",
    "ipaddress",
    "litestar.exceptions",
    "msgspec",
    "pydantic",
    "pydantic_core",
    "multipart",
    "granian.errors",
    "sqlalchemy.exc",
    "sqlalchemy.orm.exc",
    "sqlite3",
    "colonnade.errors",
)

MISTAKES_OF_OURS = {
    # Python's own: a client's input never gets as far as raising one.
    "ArithmeticError", "AssertionError", "AttributeError", "BufferError", "EOFError", "Exception",
    "ExceptionGroup", "FloatingPointError", "ImportError", "IndentationError", "IndexError",
    "KeyError", "LookupError", "MemoryError", "ModuleNotFoundError", "NameError",
    "NotImplementedError", "ReferenceError", "RuntimeError", "StopAsyncIteration",
    "StopIteration", "SyntaxError", "SystemError", "TabError", "TypeError", "UnboundLocalError",
    "ValueError", "ZeroDivisionError", "ZoneInfoNotFoundError", "InvalidTZPathWarning",
    "BrokenBarrierError", "IncompleteReadError", "InvalidStateError", "LimitOverrunError",
    "QueueEmpty", "QueueFull", "JSONDecodeError", "AddressValueError", "NetmaskValueError",
    # Decimal's signals; money is in whole minor units.
    "Clamped", "ConversionSyntax", "DecimalException", "DivisionByZero", "DivisionImpossible",
    "DivisionUndefined", "FloatOperation", "Inexact", "InvalidContext", "InvalidOperation",
    "Rounded", "Subnormal",
    # The framework's, for routes that are declared wrongly.
    "DTOFactoryException", "HTTPException", "ImproperlyConfiguredException",
    "InternalServerException", "InvalidAnnotationException", "LitestarException",
    "MissingDependencyException", "NoRouteMatchFoundException", "TemplateNotFoundException",
    "WebSocketDisconnect", "WebSocketException", "FatalError", "ConfigurationError",
    "PidFileError",
    # Models that are declared wrongly, or that a handler fills wrongly: a request's own errors
    # are named with their fields where it is read.
    "PydanticForbiddenQualifier", "PydanticImportError", "PydanticInvalidForJsonSchema",
    "PydanticSchemaGenerationError", "PydanticUndefinedAnnotation", "PydanticUserError",
    "PydanticCustomError", "PydanticKnownError", "PydanticOmit", "PydanticSerializationError",
    "PydanticSerializationUnexpectedValue", "PydanticUseDefault", "SchemaError",
    "ValidationError",
    "ColonnadeError", "InternalError", "SendfileNotAvailableError", "Underflow", "Overflow",
}  # fmt: skip

OF_THE_DATABASE = {"sqlite3", "sqlalchemy.exc", "sqlalchemy.orm.exc"}


def exceptions() -> Iterator[tuple[str, type[Exception]]]:
    for library in LIBRARIES:
        for name, found in vars(importlib.import_module(library)).items():
            if inspect.isclass(found) and issubclass(found, Exception):
                if issubclass(found, Warning) and not name.startswith("InvalidTZ"):
                    continue
                yield (f"{library}.{name}", found)


def made(kind: type[Exception]) -> Exception:
    """One of its kind; of a subclass without its arguments where those cannot be made up."""
    if issubclass(kind, ExceptionGroup):
        return kind("said", [ValueError("said")])
    try:
        return kind("said")
    except (TypeError, AttributeError, KeyError):
        pass
    try:
        return type(kind.__name__, (kind,), {"__init__": lambda self: None})()
    except TypeError:
        assert kind.__name__ in MISTAKES_OF_OURS
        return Exception("said")


@pytest.mark.parametrize(("name", "kind"), list(exceptions()), ids=lambda value: str(value))
def test_what_a_client_or_a_server_behind_causes_is_no_500(
    name: str, kind: type[Exception]
) -> None:
    library, _, short = name.rpartition(".")
    told = known_error(made(kind))
    if told.status == 500:
        assert short in MISTAKES_OF_OURS or library in OF_THE_DATABASE, name
    else:
        assert 400 <= told.status < 600
    assert "Error" not in told.message


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("IntegrityError", 409),
        ("OperationalError", 503),
        ("InterfaceError", 503),
        ("DataError", 400),
        ("ProgrammingError", 500),
        ("NotSupportedError", 500),
    ],
)
def test_each_class_of_a_database_driver_has_an_answer(kind: str, status: int) -> None:
    raised = getattr(sqlite3, kind)("said by the driver of /srv/data.db")
    wrapped = DBAPIError.instance("SELECT 1", {}, raised, sqlite3.Error)
    assert isinstance(wrapped, Exception)
    told = known_error(wrapped)
    assert told.status == status
    assert "/srv" not in told.message


def test_our_own_errors_are_told_as_they_are() -> None:
    for kind in colonnade.errors.PLATFORM_ERRORS:
        error = kind("said")
        assert known_error(error) is error
