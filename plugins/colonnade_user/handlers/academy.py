"""Operations on the academy itself: what it says of itself, and what its owner changes of that."""

from colonnade.errors import Conflict
from colonnade.operations import Call, handles
from colonnade.pagination import MAXIMUM_LIMIT
from colonnade_user.api import Academy, DeclaredInFile, GetAcademy, UpdateAcademy
from colonnade_user.api.academy import AcademyLimits, Branding
from colonnade_user.api.values import LONGEST_PASSWORD, SHORTEST_PASSWORD
from colonnade_user.config import UserContext
from colonnade_user.handlers.registration import confirms_registrations


class AcademyHandlers:
    """Handlers of the operations on the academy."""

    def __init__(self, ctx: UserContext) -> None:
        self._ctx = ctx

    @handles(GetAcademy)
    async def get_academy(self, request: GetAcademy, call: Call) -> Academy:
        """Return what is declared and public."""
        return self._academy()

    @handles(UpdateAcademy)
    async def update_academy(self, request: UpdateAcademy, call: Call) -> Academy:
        """Change the academy's file, as far as the platform lets it.

        Raises:
            DeclaredInFile: a key is not among those, or stands in a form that is left to people.
        """
        changes = _changes(request)
        if changes:
            try:
                await self._ctx.change_tenant(changes)
            except Conflict as error:
                raise DeclaredInFile(
                    error.message, details=error.details, reason=error.reason
                ) from None
            self._ctx.log.info("academy_changed", principal=call.principal_id, keys=list(changes))
        return self._academy()

    def _academy(self) -> Academy:
        tenant = self._ctx.tenant()
        return Academy(
            id=tenant.id,
            name=tenant.name,
            branding=Branding(**tenant.branding),
            locale=tenant.locale,
            timezone=tenant.timezone,
            currency=tenant.currency,
            sign_in=["password"],
            registration=self._registration(),
            limits=AcademyLimits(
                request_body=tenant.maximum_body,
                page=MAXIMUM_LIMIT,
                password_minimum=SHORTEST_PASSWORD,
                password_maximum=LONGEST_PASSWORD,
            ),
            editable=list(tenant.editable),
        )

    def _registration(self) -> str:
        if self._ctx.tenant_config().registration == "closed":
            return "closed"
        return "confirmed" if confirms_registrations(self._ctx) else "open"


def _changes(request: UpdateAcademy) -> dict[str, str | None]:
    """What was given, by dotted key of the academy's file."""
    changes = request.given("name", "locale", "timezone")
    if request.branding is not None:
        given = request.branding.model_dump(exclude_unset=True)
        changes |= {f"branding.{name}": value for name, value in given.items()}
    return changes
