"""The contract of the certificates service: the only module that others may import."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from colonnade.errors import Conflict
from colonnade.events import Event, event
from colonnade.files import FileHead
from colonnade.messages import Message, Request
from colonnade.operations import Stream, operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Personal

Code = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{15}$"), Field(examples=["0123456789abcde"])
]
"""What makes the address of a certificate: sixty random bits, which nobody guesses."""

Reason = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]


class AlreadyRevoked(Conflict):
    """The certificate was revoked before."""

    code = "certificates.already_revoked"
    title = "The certificate is revoked already"


class Certificate(Message):
    """A certificate as its holder and administrators see it."""

    id: UUID
    code: str
    user_id: UUID
    course_id: UUID
    name: Annotated[str, Personal()]
    course_title: str
    issued_at: datetime
    revoked_at: datetime | None = None
    revocation_reason: str | None = None
    version: int


class PublicCertificate(Message):
    """A certificate as anybody sees it who has its code."""

    code: str
    academy: str
    colour: str
    signer: str
    name: Annotated[str, Personal()]
    course_title: str
    issued_on: str
    is_revoked: bool


@operation("certificates", action="certificate.read", idempotent=True)
class ListCertificates(ListRequest[Page[Certificate]]):
    """List the certificates that the caller may read, newest first."""

    course_id: UUID | None = None


@operation("certificates", action="certificate.read", idempotent=True)
class GetCertificate(Request[Certificate]):
    """Read a certificate."""

    certificate_id: UUID


@operation("certificates", action="certificate.show", idempotent=True)
class GetCertificateByCode(Request[PublicCertificate]):
    """Read what a certificate says, by its code."""

    code: Code


@operation("certificates", action="certificate.show", stream=Stream.DOWNLOAD, deadline=20.0)
class PrintCertificate(Request[FileHead]):
    """Make a certificate a page of paper, by its code."""

    code: Code


@operation("certificates", action="certificate.revoke", errors=[AlreadyRevoked], per_day=1000)
class RevokeCertificate(Request[Certificate]):
    """Revoke a certificate; its page says so from now on."""

    certificate_id: UUID
    reason: Reason


@event("certificates", key="certificate_id")
class CertificateIssued(Event):
    """A certificate was issued."""

    certificate_id: UUID
    user_id: UUID
    course_id: UUID
    code: str
    course_title: str


OPERATIONS = (
    ListCertificates,
    GetCertificate,
    GetCertificateByCode,
    PrintCertificate,
    RevokeCertificate,
)
"""Everything the service may be asked."""

EVENTS = (CertificateIssued,)
"""Everything the service publishes."""
