"""Command `colonnade owner`: recovery of an owner's access by the operator."""

import secrets
import sys

import click

from colonnade.command_line import CommandLine

GENERATED_PASSWORD_BYTES = 15


@click.group()
def owner() -> None:
    """Let the owner of an academy in again."""


@owner.command()
@click.argument("tenant", metavar="TENANT")
@click.option("--email", metavar="ADDRESS", help="Which owner, where an academy has several.")
@click.option("--generate", is_flag=True, help="Make a password up, and print it once.")
@click.pass_obj
def password(line: CommandLine, tenant: str, email: str | None, generate: bool) -> None:
    """Set a new password for the owner of the academy TENANT.

    It is asked for, or read from the standard input where that is no terminal; it is never an
    argument, which other people on the machine could read. Every session of the owner ends, and
    they are told by mail.

    The platform may run or not: if not, its services are started for as long as it takes.
    """
    from pydantic import ValidationError

    from colonnade_user.api import SetOwnerPassword

    chosen = secrets.token_urlsafe(GENERATED_PASSWORD_BYTES) if generate else _read()
    try:
        request = SetOwnerPassword(password=chosen, email=email)
    except ValidationError as error:
        raise click.ClickException(_sentence(error)) from None
    with line.platform() as platform:
        changed = platform.ask(tenant, request)
    click.echo(f"{tenant}: the owner {changed.email} has a new password and is signed out.")
    if generate:
        click.echo(f"It is {chosen} (shown only now).")


def _read() -> str:
    if sys.stdin.isatty():
        chosen: str = click.prompt("New password", hide_input=True, confirmation_prompt=True)
        return chosen
    return sys.stdin.readline().rstrip("\r\n")


def _sentence(error: object) -> str:
    from pydantic import ValidationError

    assert isinstance(error, ValidationError)
    found = error.errors(include_url=False, include_input=False)[0]
    return f"The {found['loc'][0]} cannot be used: {found['msg'].removeprefix('Value error, ')}."
