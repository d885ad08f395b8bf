"""What policies may say about certificates."""

from colonnade.policy import ResourceType
from colonnade_certificates.models import CertificateRow

CERTIFICATE = ResourceType(
    "certificate",
    fields={
        "id": CertificateRow.id,
        "user_id": CertificateRow.user_id,
        "course_id": CertificateRow.course_id,
    },
)
