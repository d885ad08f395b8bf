"""What the certificates service does; no HTTP, no bus."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from sqlalchemy import select

from colonnade.errors import ConfigurationError, NotFound
from colonnade.files import FileHead
from colonnade.lookups import absent, changeable, permitted
from colonnade.operations import Call, Download, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.presentation import present
from colonnade.store import Session
from colonnade_certificates.api import (
    AlreadyRevoked,
    Certificate,
    GetCertificate,
    GetCertificateByCode,
    ListCertificates,
    PrintCertificate,
    PublicCertificate,
    RevokeCertificate,
)
from colonnade_certificates.config import CertificatesContext
from colonnade_certificates.models import CertificateRow
from colonnade_certificates.printing import printed
from colonnade_certificates.reactions import Reactions
from colonnade_certificates.resources import CERTIFICATE

NEWEST = [SortKey(CertificateRow.issued_at, descending=True), SortKey(CertificateRow.id)]
COLOUR = "#2b4c7e"
"""Colour of an academy that declares none."""


@asynccontextmanager
async def create(ctx: CertificatesContext) -> AsyncIterator[Sequence[object]]:
    """The objects that handle operations and events.

    Raises:
        ConfigurationError: certificates are to be printed, and the library is not there.
    """
    if ctx.config.pdf and find_spec("reportlab") is None:
        raise ConfigurationError(
            "services.certificates.config.pdf is true, and reportlab is not installed: install "
            "colonnade-certificates[pdf], or set it to false."
        )
    yield [CertificateHandlers(ctx), Reactions(ctx)]


class CertificateHandlers:
    """Operations on certificates."""

    def __init__(self, ctx: CertificatesContext) -> None:
        self._ctx = ctx

    @handles(ListCertificates)
    async def list_certificates(self, request: ListCertificates, call: Call) -> Page[Certificate]:
        """The certificates that the caller may see."""
        query = select(CertificateRow).where(call.visible(CERTIFICATE))
        if request.course_id is not None:
            query = query.where(CertificateRow.course_id == request.course_id)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, NEWEST, request, _shown)
        )

    @handles(GetCertificate)
    async def get_certificate(self, request: GetCertificate, call: Call) -> Certificate:
        """One certificate."""
        return await self._ctx.store.read(
            lambda session: _shown(
                permitted(session, call, CERTIFICATE, CertificateRow, request.certificate_id)
            )
        )

    @handles(GetCertificateByCode)
    async def get_certificate_by_code(
        self, request: GetCertificateByCode, call: Call
    ) -> PublicCertificate:
        """What a certificate says."""
        return await self._public(request.code, call)

    @handles(PrintCertificate)
    async def print_certificate(self, request: PrintCertificate, call: Call) -> Download:
        """The same on paper, drawn in a process apart: names and titles are others' text."""
        if not self._ctx.config.pdf:
            raise NotFound("This platform prints no certificates.")
        said = await self._public(request.code, call)
        page = await self._ctx.in_process(
            printed,
            said.academy,
            said.colour,
            said.name,
            said.course_title,
            said.issued_on,
            said.signer,
            said.is_revoked,
            seconds=5.0,
        )

        async def chunks() -> AsyncIterator[bytes]:
            yield page

        head = FileHead(
            media_type="application/pdf", name=f"{said.code}.pdf", size=len(page), inline=True
        )
        return Download(head, chunks())

    @handles(RevokeCertificate)
    async def revoke_certificate(self, request: RevokeCertificate, call: Call) -> Certificate:
        """Revoke a certificate, once."""

        def work(session: Session) -> Certificate:
            row = changeable(session, call, CERTIFICATE, CertificateRow, request.certificate_id)
            if row.revoked_at is not None:
                raise AlreadyRevoked
            row.revoked_at, row.revocation_reason = session.now, request.reason
            session.flush()
            return _shown(row)

        return await self._ctx.store.run(work)

    async def _public(self, code: str, call: Call) -> PublicCertificate:
        def work(session: Session) -> CertificateRow:
            query = select(CertificateRow).where(CertificateRow.code == code)
            row = session.scalars(query).one_or_none()
            if row is None:
                raise absent(CERTIFICATE.name)
            call.require(session, CERTIFICATE, row)
            return row

        row, tenant = await self._ctx.store.read(work), self._ctx.tenant()
        return PublicCertificate(
            code=row.code,
            academy=tenant.name,
            colour=str(tenant.branding.get("primary_color") or COLOUR),
            signer=self._ctx.tenant_config().signer,
            name=row.name,
            course_title=row.course_title,
            issued_on=f"{row.issued_at.astimezone(ZoneInfo(tenant.timezone)):%Y-%m-%d}",
            is_revoked=row.revoked_at is not None,
        )


def _shown(row: CertificateRow) -> Certificate:
    return present(Certificate, row)
