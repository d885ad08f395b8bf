"""Registry of the kinds of reports: this service's and those of enabled plugins."""

from collections.abc import Mapping

from colonnade.errors import ConfigurationError, FieldError, ValidationFailed
from colonnade.services import ServiceContext
from colonnade_analytics.api import ReportKind


class ReportKindRegistry:
    """Kinds by name. All come from the hook `reports`, first-party ones too."""

    def __init__(self, ctx: ServiceContext) -> None:
        self.kinds: Mapping[str, ReportKind] = _by_name(ctx)

    def kind(self, name: str) -> ReportKind:
        """The kind of this name.

        Raises:
            ValidationFailed: there is none.
        """
        found = self.kinds.get(name)
        if found is None:
            known = ", ".join(sorted(self.kinds))
            raise ValidationFailed(
                fields=[FieldError("/kind", f"is none of {known}", "unknown_kind")]
            )
        return found


def _by_name(ctx: ServiceContext) -> dict[str, ReportKind]:
    found: dict[str, ReportKind] = {}
    for kinds in ctx.extensions("reports"):
        for kind in kinds:
            if kind.name in found:
                raise ConfigurationError(
                    f"Two kinds of reports are called '{kind.name}': "
                    f"{type(found[kind.name]).__qualname__} and {type(kind).__qualname__}. "
                    "Disable one of the plugins, or rename its kind."
                )
            found[kind.name] = kind
    return found
