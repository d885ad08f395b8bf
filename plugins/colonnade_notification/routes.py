"""HTTP routes of the notification service."""

import html
from typing import Any
from urllib.parse import quote

import pydantic
from litestar import Controller, Response
from litestar import get as litestar_get
from litestar import post as litestar_post

from colonnade.errors import ColonnadeError, NotFound
from colonnade.http import AnyRequest, bind, delete, edge_of, get, patch, post, put
from colonnade_notification.api import (
    CountUnread,
    CreatePushSubscription,
    DeletePushSubscription,
    DeleteSuppression,
    DeleteTemplate,
    DescribeUnsubscription,
    GetNotification,
    GetPreferences,
    GetPushKey,
    GetTemplate,
    LinkExpired,
    ListDeliveries,
    ListNotifications,
    ListPushSubscriptions,
    ListSuppressions,
    ListTemplates,
    PreviewTemplate,
    PutTemplate,
    ReadAllNotifications,
    ReadNotification,
    RetryDelivery,
    Unsubscribe,
    UpdatePreferences,
)

FORM = "application/x-www-form-urlencoded"
PAGE = "text/html"


class NotificationController(Controller):
    """Routes of the caller's notifications and preferences, and of unsubscribe links."""

    path = "/notifications"
    tags = ["notifications"]  # noqa: RUF012
    list_ = get("/", ListNotifications)
    count = get("/unread-count", CountUnread)
    read_all = post("/read-all", ReadAllNotifications, status=200)
    one = get("/{notification_id:str}", GetNotification)
    read = post("/{notification_id:str}/read", ReadNotification, status=200)
    preferences = get("/preferences", GetPreferences)
    update_preferences = patch("/preferences", UpdatePreferences)

    @litestar_get(
        "/unsubscribe/{token:str}", opt=bind("GET", DescribeUnsubscription, answer=PAGE, page=True)
    )
    async def ask_to_unsubscribe(self, request: AnyRequest) -> Response[str]:
        """Show a page with a button: mail scanners follow links, and must not unsubscribe."""
        try:
            found = await edge_of(request).ask(_message(request, DescribeUnsubscription))
        except (LinkExpired, NotFound) as error:
            return _refused(request, error)
        return _page(
            found.academy, _QUESTION.format(action=html.escape(quote(request.scope["path"])))
        )

    @litestar_post(
        "/unsubscribe/{token:str}",
        status_code=200,
        opt=bind("POST", Unsubscribe, body=FORM, answer=PAGE, raw=True, page=True),
    )
    async def unsubscribe(self, request: AnyRequest) -> Response[str]:
        """Unsubscribe with one click, from a mail reader (RFC 8058) or from the page."""
        # What the body says adds nothing to the link; it is not even read.
        try:
            found = await edge_of(request).ask(_message(request, DescribeUnsubscription))
            await edge_of(request).ask(_message(request, Unsubscribe))
        except (LinkExpired, NotFound) as error:
            return _refused(request, error)
        return _page(found.academy, "<p>You get no more of these messages.</p>")


class TemplateController(Controller):
    """Routes of templates."""

    path = "/templates"
    tags = ["notifications"]  # noqa: RUF012
    list_ = get("/", ListTemplates)
    read = get("/{kind:str}/{locale:str}", GetTemplate)
    write = put("/{kind:str}/{locale:str}", PutTemplate)
    remove = delete("/{kind:str}/{locale:str}", DeleteTemplate)
    preview = post("/{kind:str}/{locale:str}/preview", PreviewTemplate, status=200)


class PushController(Controller):
    """Routes of push subscriptions."""

    path = "/push-subscriptions"
    tags = ["notifications"]  # noqa: RUF012
    key = get("/key", GetPushKey)
    create = post("/", CreatePushSubscription)
    list_ = get("/", ListPushSubscriptions)
    remove = delete("/{subscription_id:str}", DeletePushSubscription)


class DeliveryController(Controller):
    """Routes of deliveries."""

    path = "/deliveries"
    tags = ["notifications"]  # noqa: RUF012
    list_ = get("/", ListDeliveries)
    retry = post("/{delivery_id:str}/retry", RetryDelivery, status=200)


class SuppressionController(Controller):
    """Routes of suppressions."""

    path = "/suppressions"
    tags = ["notifications"]  # noqa: RUF012
    list_ = get("/", ListSuppressions)
    remove = delete("/{suppression_id:str}", DeleteSuppression)


_QUESTION = (
    '<p>Do you want no more of these messages?</p><form method="post" action="{action}">'
    '<button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'
)


def _message(request: AnyRequest, model: type[Any]) -> Any:
    try:
        return model(token=str(request.path_params["token"]))
    except pydantic.ValidationError:
        raise NotFound("This unsubscribe link was not made by this academy.") from None


def _refused(request: AnyRequest, error: ColonnadeError) -> Response[str]:
    """Show a page to a browser that followed the link; raise the problem for programs.

    Raises:
        ColonnadeError: a program asks.
    """
    if PAGE not in request.headers.get("accept", ""):
        raise error
    return _page(error.title, f"<p>{html.escape(error.message)}</p>", error.status)


def _page(heading: str, content: str, status: int = 200) -> Response[str]:
    title = html.escape(heading)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{content}</body></html>"
    )
    headers = {
        "Content-Security-Policy": "default-src 'none'; form-action 'self'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Response(page, media_type=PAGE, headers=headers, status_code=status)


CONTROLLERS = [
    NotificationController,
    TemplateController,
    PushController,
    DeliveryController,
    SuppressionController,
]
