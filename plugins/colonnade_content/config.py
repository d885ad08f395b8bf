"""Configuration of the content service."""

from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from colonnade.quantities import Size
from colonnade.services import ServiceContext


class ContentConfig(BaseModel):
    """`services.content.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    maximum_file_size: Size = Field(
        Size.parse("200MiB"), description="How large an uploaded file may be."
    )
    maximum_stored: Size = Field(
        Size.parse("100GiB"),
        description="How many bytes the files of one person may have together, in one academy.",
    )


ContentContext: TypeAlias = ServiceContext[ContentConfig]
"""Context of the content service."""
