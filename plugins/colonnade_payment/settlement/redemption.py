"""Redemption of coupons: one use is claimed in the transaction that makes the order."""

from uuid import UUID

from sqlalchemy import func, select

from colonnade.money import Money
from colonnade.store import Session
from colonnade_payment.api import CouponNotUsable
from colonnade_payment.models import CouponRow, RedemptionRow


def reduced(price: Money, coupon: CouponRow) -> Money:
    """Reduce a price by a coupon; a percentage is rounded down to the minor unit."""
    off = coupon.amount or 0
    if coupon.percent is not None:
        off = price.amount * coupon.percent // 100
    return Money(amount=max(0, price.amount - off), currency=price.currency)


def claim_coupon(
    session: Session, code: str, course_id: UUID, user_id: UUID, price: Money
) -> CouponRow:
    """Find the coupon of this code, check its limits for this purchase and take one use of it.

    The coupon's row is locked until the transaction ends, so the last use goes to one buyer.

    Raises:
        CouponNotUsable: saying why.
    """
    coupon = session.scalar(
        select(CouponRow).where(CouponRow.code == code.upper()).with_for_update()
    )
    if coupon is None or not coupon.active:
        raise _refused("unknown", "There is no such coupon.")
    _check_window(session, coupon)
    if coupon.course_id not in (None, course_id):
        raise _refused("other_course", "The coupon is for another course.")
    if coupon.currency not in (None, price.currency):
        raise _refused("other_currency", f"The coupon is in {coupon.currency}.")
    _check_limits(session, coupon, user_id)
    coupon.redeemed += 1
    return coupon


def redeem(session: Session, coupon: CouponRow, payment_id: UUID, user_id: UUID) -> None:
    """Record which purchase uses the coupon; after the payment's row is there."""
    session.flush()
    session.add(RedemptionRow(payment_id=payment_id, coupon_id=coupon.id, user_id=user_id))


def release_redemption(session: Session, payment_id: UUID) -> None:
    """Give back the use of a coupon by a purchase that came to nothing."""
    redemption = session.get(RedemptionRow, payment_id)
    if redemption is None:
        return
    session.get_one(CouponRow, redemption.coupon_id, for_update=True).redeemed -= 1
    session.delete(redemption)


def _check_window(session: Session, coupon: CouponRow) -> None:
    if coupon.starts_at is not None and session.now < coupon.starts_at:
        raise _refused("not_started", "The coupon cannot be used yet.")
    if coupon.ends_at is not None and session.now >= coupon.ends_at:
        raise _refused("expired", "The coupon has expired.")


def _check_limits(session: Session, coupon: CouponRow, user_id: UUID) -> None:
    if coupon.total_limit is not None and coupon.redeemed >= coupon.total_limit:
        raise _refused("used_up", "The coupon has been used as often as it may be.")
    if coupon.person_limit is None:
        return
    mine = session.scalar(
        select(func.count())
        .select_from(RedemptionRow)
        .where(RedemptionRow.coupon_id == coupon.id, RedemptionRow.user_id == user_id)
    )
    if (mine or 0) >= coupon.person_limit:
        raise _refused("used_by_you", "You have used the coupon as often as you may.")


def _refused(reason: str, sentence: str) -> CouponNotUsable:
    return CouponNotUsable(sentence, details={"reason": reason})
