"""The command `ask`: any operation of any service, as the operator."""

import time
from typing import Annotated, Any

import msgspec
import pydantic

from colonnade.command_line import OPERATOR
from colonnade.context import Context, Principal, use_context
from colonnade.errors import InvalidRequest, NotFound, ValidationFailed
from colonnade.http import field_errors
from colonnade.identifiers import TENANT_ID_PATTERN, new_id
from colonnade.operations import Operation, Stream
from colonnade_runtime.admin.commands.registry import AdminCall, AdminCommand


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation by its subject, and the request as JSON."""

    tenant: Annotated[str, msgspec.Meta(pattern=TENANT_ID_PATTERN)]
    subject: Annotated[str, msgspec.Meta(max_length=300)]
    request: msgspec.Raw


async def ask(arguments: Ask, call: AdminCall) -> Any:
    """Decide and do the operation, on the one path that every call takes."""
    operation = call.platform.operations.get(arguments.subject)
    if operation is None:
        raise NotFound(
            f"The running platform offers no {arguments.subject}: the service is not enabled, or "
            "the platform started before its plugin was installed."
        )
    if call.platform.dispatcher is None:
        raise NotFound("This process hosts no service.")
    _check_stream(operation, call)
    try:
        request = operation.request.decode(bytes(arguments.request))
    except pydantic.ValidationError as error:
        raise ValidationFailed(fields=field_errors(error)) from None
    locale = call.platform.tenant(arguments.tenant).info.locale
    principal = Principal.service(OPERATOR.id.removeprefix("service:"), on_behalf_of=call.operator)
    deadline = time.time() + call.seconds
    context = Context(arguments.tenant, principal, deadline, new_id().hex, locale=locale)
    with use_context(context):
        answer = await call.platform.dispatcher.do(request, incoming=call.chunks)
    return msgspec.Raw(answer.encode())


def _check_stream(operation: Operation, call: AdminCall) -> None:
    if operation.stream is Stream.DOWNLOAD:
        raise InvalidRequest(f"{operation.name} answers with a stream; ask it over HTTP.")
    if (operation.stream is Stream.UPLOAD) is not (call.chunks is not None):
        raise InvalidRequest(f"{operation.name} takes a stream, and only such operations do.")


COMMANDS = (AdminCommand("ask", Ask, ask),)
