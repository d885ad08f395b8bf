"""Handlers of suppressions, for administrators."""

from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import DeleteSuppression, ListSuppressions, Suppression
from colonnade_notification.models import SuppressionRow
from colonnade_notification.presentation import present_suppression
from colonnade_notification.resources import SUPPRESSION
from colonnade_user.api import fold_email

SUPPRESSIONS = Listing(SuppressionRow, SUPPRESSION, address=SuppressionRow.address)
_NEWEST = [SortKey(SuppressionRow.created_at, descending=True), SortKey(SuppressionRow.id)]


class SuppressionHandlers:
    """Operations on suppressions."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListSuppressions)
    async def list_suppressions(self, request: ListSuppressions, call: Call) -> Page[Suppression]:
        """List them, newest first."""
        address = None if request.address is None else fold_email(request.address)
        query = SUPPRESSIONS.query(call, address=address)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _NEWEST, request, present_suppression)
        )

    @handles(DeleteSuppression)
    async def delete_suppression(self, request: DeleteSuppression, call: Call) -> Empty:
        """Delete one, so that mail is sent to its address again."""

        def work(session: Session) -> Empty:
            row = permitted(session, call, SUPPRESSION, SuppressionRow, request.suppression_id)
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)
