"""Pages of certificates, for whoever follows a link."""

from html import escape

from litestar import Controller

from colonnade.http import download
from colonnade.pages import HtmlPage, page
from colonnade_certificates.api import (
    GetCertificateByCode,
    PrintCertificate,
    PublicCertificate,
)

_STYLE = """\
body {{ font: 1.2rem/1.5 serif; margin: 0; padding: 1rem; text-align: center; }}
main {{ border: 6px solid {colour}; max-width: 50rem; margin: 0 auto; padding: 2rem 1rem; }}
h1, h2 {{ overflow-wrap: anywhere; }}
strong {{ color: #a00; }}
"""


def certificate_page(certificate: PublicCertificate) -> HtmlPage:
    """The certificate for whoever follows its link."""
    revoked = "<p><strong>This certificate was revoked.</strong></p>"
    signer = f"<p>{escape(certificate.signer)}</p>" if certificate.signer else ""
    return HtmlPage(
        f"{certificate.name} · {certificate.course_title}",
        f"<main><p>{escape(certificate.academy)}</p>"
        f"<h1>{escape(certificate.name)}</h1><p>has completed</p>"
        f"<h2>{escape(certificate.course_title)}</h2>"
        f"<p><time>{certificate.issued_on}</time></p>{signer}"
        f"{revoked if certificate.is_revoked else ''}"
        f'<p><a href="/certificates/{certificate.code}/pdf">PDF</a></p></main>',
        style=_STYLE.format(colour=certificate.colour),
    )


class CertificatePages(Controller):
    """Pages of certificates, for whoever follows a link."""

    path = "/certificates"
    show = page("/{code:str}", GetCertificateByCode, certificate_page)
    print_ = download("/{code:str}/pdf", PrintCertificate, media_types=("application/pdf",))


PAGES = [CertificatePages]
