"""Settings of the operator and of an academy."""

from pydantic import BaseModel, ConfigDict, Field

from colonnade.services import ServiceContext


class CertificatesConfig(BaseModel):
    """`services.certificates.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pdf: bool = Field(True, description="Print certificates as PDF; needs the extra `pdf`.")


class TenantCertificatesConfig(BaseModel):
    """`services.certificates.config` in an academy's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signer: str = Field("", max_length=200, description="Who signs; empty for the academy alone.")


CertificatesContext = ServiceContext[CertificatesConfig, TenantCertificatesConfig]
"""Context of this service."""
