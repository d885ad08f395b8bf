"""The HTTP routes of the certificates service; each binds one operation."""

from litestar import Controller

from colonnade.http import get, post
from colonnade_certificates.api import GetCertificate, ListCertificates, RevokeCertificate


class CertificateController(Controller):
    """Certificates."""

    path = "/certificates"
    list_ = get("/", ListCertificates)
    read = get("/{certificate_id:str}", GetCertificate)
    revoke = post("/{certificate_id:str}/revoke", RevokeCertificate, status=200)


CONTROLLERS = [CertificateController]
