"""Messages that events of this service become."""

from colonnade_certificates.api import CertificateIssued
from colonnade_notification.api import (
    Category,
    NotificationCategory,
    NotificationKind,
    NotificationText,
)

CERTIFICATES = NotificationCategory(
    "certificates", {"en": "Certificates", "de": "Zertifikate"}, Category.LEARNING
)

TEXTS = {
    "en": NotificationText(
        "Your certificate for {{ course_title }}",
        "Hello {{ person.name }},\n\n"
        "you have completed {{ course_title }} at {{ academy.name }}. Here is your certificate.",
        "Open the certificate",
    ),
    "de": NotificationText(
        "Dein Zertifikat für {{ course_title }}",
        "Hallo {{ person.name }},\n\n"
        "du hast {{ course_title }} bei {{ academy.name }} abgeschlossen. Hier dein Zertifikat.",
        "Zertifikat öffnen",
    ),
}

KINDS = (
    NotificationKind(
        name="certificate_issued",
        event=CertificateIssued,
        recipients=lambda issued: [issued.user_id],
        texts=TEXTS,
        sample={"code": "0123456789abcde", "course_title": "Open Science"},
        category=CERTIFICATES,
        path="/certificates/{code}",
    ),
)
