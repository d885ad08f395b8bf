"""Handlers of the operations on coupons."""

from uuid import UUID

from sqlalchemy import select

from colonnade.errors import FieldError, NotFound, ValidationFailed
from colonnade.idempotency import once_if_keyed
from colonnade.lookups import changeable, permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import GetCourse
from colonnade_payment.api import (
    Coupon,
    CouponTaken,
    CreateCoupon,
    DeleteCoupon,
    GetCoupon,
    ListCoupons,
)
from colonnade_payment.models import CouponRow
from colonnade_payment.presentation import present_coupon
from colonnade_payment.resources import COUPON

COUPONS = Listing(CouponRow, COUPON)
NEWEST_FIRST = [SortKey(CouponRow.created_at, descending=True), SortKey(CouponRow.id)]


class CouponHandlers:
    """Operations on coupons."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateCoupon)
    async def create_coupon(self, request: CreateCoupon, call: Call) -> Coupon:
        """Make a coupon."""
        _check(request)
        row = _coupon(request)
        row.id = self._ctx.new_id()
        # Before anybody is asked: whoever may not do this finds out nothing here.
        await self._ctx.store.read(lambda session: call.require(session, COUPON, row))
        await self._require_course(request.course_id)

        def work(session: Session) -> Coupon:
            call.require(session, COUPON, row)
            taken = session.scalar(select(CouponRow.id).where(CouponRow.code == row.code))
            if taken is not None:
                raise CouponTaken(
                    "There is a coupon of this code.", details={"coupon_id": str(taken)}
                )
            session.add(row)
            session.flush()
            return present_coupon(row)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListCoupons)
    async def list_coupons(self, request: ListCoupons, call: Call) -> Page[Coupon]:
        """List coupons, newest first."""
        query = COUPONS.query(call)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, NEWEST_FIRST, request, present_coupon)
        )

    @handles(GetCoupon)
    async def get_coupon(self, request: GetCoupon, call: Call) -> Coupon:
        """Read one coupon."""
        return await self._ctx.store.read(
            lambda session: present_coupon(
                permitted(session, call, COUPON, CouponRow, request.coupon_id)
            )
        )

    @handles(DeleteCoupon)
    async def delete_coupon(self, request: DeleteCoupon, call: Call) -> Empty:
        """Take a coupon out of use; its row stays, payments name it."""

        def work(session: Session) -> Empty:
            changeable(session, call, COUPON, CouponRow, request.coupon_id).active = False
            return Empty()

        return await self._ctx.store.run(work)

    async def _require_course(self, course_id: UUID | None) -> None:
        """Refuse a coupon for a course that nobody could ever buy.

        Raises:
            ValidationFailed: the academy has no such course.
        """
        if course_id is None:
            return
        try:
            await self._ctx.ask(GetCourse(course_id=course_id))
        except NotFound:
            problem = FieldError("/course_id", "names no course of the academy", "unknown")
            raise ValidationFailed(fields=[problem]) from None


def _check(request: CreateCoupon) -> None:
    if request.starts_at and request.ends_at and request.starts_at >= request.ends_at:
        wrong = FieldError("/ends_at", "must be after starts_at", "order")
        raise ValidationFailed(fields=[wrong])


def _coupon(request: CreateCoupon) -> CouponRow:
    amount = request.amount
    return CouponRow(
        code=request.code.upper(),
        percent=request.percent,
        amount=None if amount is None else amount.amount,
        currency=None if amount is None else amount.currency,
        course_id=request.course_id,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        total_limit=request.total_limit,
        person_limit=request.person_limit,
        redeemed=0,
        active=True,
    )
