"""The HTTP routes of the payment service."""

from litestar import Controller, Response
from litestar import post as litestar_post
from pydantic import ValidationError

from colonnade.errors import ContentTooLarge, NotFound
from colonnade.http import AnyRequest, bind, delete, edge_of, get, post, respond
from colonnade.messages import Empty
from colonnade_payment.api import (
    ApprovePayout,
    CancelPayment,
    CreateCoupon,
    CreatePayment,
    CreateRefund,
    DeleteCoupon,
    GetCoupon,
    GetPayment,
    GetPayout,
    ListBalances,
    ListCoupons,
    ListPayments,
    ListPayouts,
    ListRefunds,
    ListTransactions,
    MarkPayoutPaid,
    ReceiveWebhook,
    RejectPayout,
    RequestPayout,
    WebhookUnreadable,
)

MAXIMUM_WEBHOOK = 200_000
"""Bytes that a webhook may have."""

_WITHHELD = frozenset({"authorization", "cookie", "x-tenant"})


class PaymentController(Controller):
    """Payments and their refunds."""

    path = "/payments"
    tags = ["payments"]  # noqa: RUF012
    create = post(
        "/",
        CreatePayment,
        status=202,
        location="/api/v1/payments/{id}",
        idempotency_key=True,
    )
    list_ = get("/", ListPayments)
    read = get("/{payment_id:str}", GetPayment)
    cancel = post("/{payment_id:str}/cancel", CancelPayment, status=202)
    refund = post("/{payment_id:str}/refunds", CreateRefund, status=202, idempotency_key=True)
    refunds = get("/{payment_id:str}/refunds", ListRefunds)


class PayoutController(Controller):
    """Payouts."""

    path = "/payouts"
    tags = ["payouts"]  # noqa: RUF012
    create = post("/", RequestPayout, location="/api/v1/payouts/{id}", idempotency_key=True)
    list_ = get("/", ListPayouts)
    read = get("/{payout_id:str}", GetPayout)
    approve = post("/{payout_id:str}/approve", ApprovePayout, status=200)
    reject = post("/{payout_id:str}/reject", RejectPayout, status=200)
    pay = post("/{payout_id:str}/paid", MarkPayoutPaid, status=200)


class CouponController(Controller):
    """Coupons."""

    path = "/coupons"
    tags = ["coupons"]  # noqa: RUF012
    create = post("/", CreateCoupon, location="/api/v1/coupons/{id}", keyed=True)
    list_ = get("/", ListCoupons)
    read = get("/{coupon_id:str}", GetCoupon)
    remove = delete("/{coupon_id:str}", DeleteCoupon)


class LedgerController(Controller):
    """The ledger, read only."""

    path = "/"
    tags = ["ledger"]  # noqa: RUF012
    transactions = get("/transactions", ListTransactions)
    balances = get("/balances", ListBalances)


class WebhookController(Controller):
    """Webhooks of payment providers."""

    path = "/webhooks/payments"
    tags = ["payments"]  # noqa: RUF012

    @litestar_post(
        "/{provider:str}",
        status_code=204,
        opt=bind("POST", ReceiveWebhook, status=204, raw=True),
    )
    async def receive(self, request: AnyRequest) -> Response[None]:
        """Hand a message on as it came: its signature is over these very bytes."""
        body = await _raw_body(request)
        headers = {
            name: value[:2000]
            for name, value in list(request.headers.items())[:100]
            if name not in _WITHHELD
        }
        try:
            message = ReceiveWebhook(
                provider=str(request.path_params["provider"]), headers=headers, body=body
            )
        except ValidationError:
            raise NotFound("No payment provider of this name is enabled here.") from None
        answer: Empty = await edge_of(request).ask(message)
        return respond(request, answer, 204)  # type: ignore[return-value]


async def _raw_body(request: AnyRequest) -> str:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAXIMUM_WEBHOOK:
            raise ContentTooLarge(f"A webhook may have {MAXIMUM_WEBHOOK} bytes at most.")
        chunks.append(chunk)
    try:
        return b"".join(chunks).decode()
    except UnicodeDecodeError:
        raise WebhookUnreadable("The body is not UTF-8 text.") from None


ROUTES = [
    PaymentController,
    PayoutController,
    CouponController,
    LedgerController,
    WebhookController,
]
