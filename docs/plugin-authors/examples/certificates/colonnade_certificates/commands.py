"""Command `colonnade certificate`: certificates of an academy, for its operator."""

import click

from colonnade.command_line import CommandLine


@click.group()
def certificate() -> None:
    """See certificates, and revoke them."""


@certificate.command("list")
@click.option("--tenant", required=True, help="The academy.")
@click.pass_obj
def list_(line: CommandLine, tenant: str) -> None:
    """List the certificates of an academy, newest first."""
    from colonnade_certificates.api import ListCertificates

    cursor = None
    with line.platform() as platform:
        while True:
            page = platform.ask(tenant, ListCertificates(limit=100, cursor=cursor))
            for found in page.items:
                state = "revoked" if found.revoked_at else "valid"
                click.echo(f"{found.id}  {found.code}  {state}  {found.course_title}")
            cursor = page.next_cursor
            if cursor is None:
                return


@certificate.command()
@click.argument("certificate_id", metavar="ID", type=click.UUID)
@click.option("--tenant", required=True, help="The academy.")
@click.option("--reason", required=True, help="What its holder and administrators read.")
@click.pass_obj
def revoke(line: CommandLine, certificate_id: str, tenant: str, reason: str) -> None:
    """Revoke the certificate ID."""
    from colonnade_certificates.api import RevokeCertificate

    request = RevokeCertificate.model_validate({"certificate_id": certificate_id, "reason": reason})
    with line.platform() as platform:
        revoked = platform.ask(tenant, request)
    click.echo(f"{revoked.id} is revoked.")
