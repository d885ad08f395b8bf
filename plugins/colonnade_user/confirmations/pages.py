"""HTML pages for the links in mails, where an academy declares no front end of its own.

They work without script. A page only asks; the form on it does what the link is for, so that
programs that follow the links in mails do nothing. The token stands in the query of the page and
in the body of the form, is sent to no other site, and is kept by no cache.
"""

import base64
import hashlib
import html
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pydantic
from babel import Locale
from babel.dates import format_datetime
from litestar import Controller, Response
from litestar import get as litestar_get
from litestar.handlers import HTTPRouteHandler

from colonnade.errors import ColonnadeError, ContentTooLarge, NotFound, ValidationFailed
from colonnade.http import (
    BINDING,
    AnyRequest,
    Binding,
    bind,
    edge_of,
    field_errors,
    read_request,
    respond,
)
from colonnade.idempotency import HEADER, refuse_key
from colonnade.messages import Request
from colonnade.operations import operation_of
from colonnade_user.api import ConfirmationState, DescribeConfirmation, LinkOver, Purpose

FORM = "application/x-www-form-urlencoded"
PAGE = "text/html"
MAXIMUM_FORM = 8_192
DEFAULT_LOCALE = "en"
LOCALES = ("en", "de")

_ACTIONS = {
    Purpose.PASSWORD_RESET: "/api/v1/auth/password-reset/confirm",
    Purpose.EMAIL_VERIFICATION: "/api/v1/auth/email-verification/confirm",
    Purpose.EMAIL_CHANGE: "/api/v1/auth/email-change/confirm",
    Purpose.REGISTRATION: "/api/v1/auth/register/confirm",
    Purpose.INVITATION: "/api/v1/invitations/accept",
}
_STYLE = (
    "body{font-family:sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem;line-height:1.5}"
    "input,button{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin:.25rem 0 1rem}"
)
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class ConfirmationPageController(Controller):
    """Pages for links in mails."""

    path = "/auth/confirm"
    tags = ["authentication"]  # noqa: RUF012

    @litestar_get("/", opt=bind("GET", DescribeConfirmation, answer=PAGE, page=True))
    async def ask(self, request: AnyRequest) -> Response[str]:
        """Page that describes the link, with a form that redeems it."""
        token = request.query_params.get("token", "")
        try:
            state = await edge_of(request).ask(_question(token))
        except (LinkOver, NotFound) as error:
            return _over(request, error)
        return _form_page(state, token)


def confirming(
    path: str, model: type[Request[Any]], purpose: Purpose, *, location: str | None = None
) -> HTTPRouteHandler:
    """Route that redeems a token: JSON for programs, the form of the page for people."""
    status = 204 if location is None else 201
    binding = Binding("POST", operation_of(model), status, location, page=True, form=True)

    async def handle(self: Any, request: AnyRequest) -> Response[Any]:
        if _media_type(request) == FORM:
            return await _redeem(request, model, purpose)
        message = await read_request(request, model, has_body=True)
        if binding.creates:
            refuse_key(request.headers.get(HEADER))
        return respond(request, await edge_of(request).ask(message), status, location)

    handle.__name__ = handle.__qualname__ = f"post_{model.__name__}"
    return HTTPRouteHandler(path, http_method="POST", status_code=200, opt={BINDING: binding})(
        handle
    )


async def _redeem(
    request: AnyRequest, model: type[Request[Any]], purpose: Purpose
) -> Response[str]:
    fields = await _fields(request)
    token = fields.get("token", "")
    try:
        state = await edge_of(request).ask(_question(token))
    except (LinkOver, NotFound) as error:
        # A mistake in the form is reported whatever became of the link.
        return _over(request, _mistake(model, fields) or error)
    try:
        await edge_of(request).ask(_message(model, fields))
    except ColonnadeError as error:
        return _form_page(state, token, error)
    words = _words(state.locale)
    return _page(words[purpose]["title"], state, f"<p>{html.escape(words[purpose]['done'])}</p>")


def _mistake(model: type[Request[Any]], fields: dict[str, str]) -> ValidationFailed | None:
    try:
        _message(model, fields)
    except ValidationFailed as error:
        return error
    return None


def _question(token: str) -> DescribeConfirmation:
    try:
        return DescribeConfirmation(token=token)
    except pydantic.ValidationError:
        raise NotFound("This link was not made here.") from None


def _message(model: type[Request[Any]], fields: dict[str, str]) -> Request[Any]:
    try:
        return model.model_validate(fields)
    except pydantic.ValidationError as error:
        raise ValidationFailed(fields=field_errors(error, fields)) from None


async def _fields(request: AnyRequest) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_FORM:
            raise ContentTooLarge(f"A form may have {MAXIMUM_FORM} bytes at most.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _media_type(request: AnyRequest) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _form_page(
    state: ConfirmationState, token: str, error: ColonnadeError | None = None
) -> Response[str]:
    words = _words(state.locale)
    said = words[state.purpose]
    lead = said["lead"].format(email=state.email, academy=state.academy)
    until = words["until"].format(until=_expiry(state))
    problem = "" if error is None else _problem(words, error)
    form = (
        f"<p>{html.escape(lead)}</p><p>{html.escape(until)}</p>{problem}"
        f'<form method="post" '
        f'action="{_ACTIONS[state.purpose]}">'
        f'<input type="hidden" name="token" value="{html.escape(token)}">'
        f"{_inputs(state.purpose, words)}<button>{html.escape(said['button'])}</button></form>"
    )
    return _page(said["title"], state, form, 200 if error is None else error.status)


def _expiry(state: ConfirmationState) -> str:
    """Expiry of a link, in the academy's time zone and locale."""
    assert state.expires_at is not None
    there = ZoneInfo(state.timezone)
    return format_datetime(
        state.expires_at, "long", tzinfo=there, locale=Locale.parse(_locale(state.locale))
    )


def _problem(words: dict[str, Any], error: ColonnadeError) -> str:
    found = [f"{item.pointer.strip('/')} {item.message}" for item in error.fields]
    said = "; ".join(found) or error.message
    return (
        f'<p role="alert"><strong>{html.escape(words["refused"])}: {html.escape(said)}</strong></p>'
    )


def _inputs(purpose: Purpose, words: dict[str, Any]) -> str:
    shown = ""
    if purpose is Purpose.INVITATION:
        shown += (
            f"<label>{html.escape(words['name'])}"
            '<input name="name" required maxlength="200" autocomplete="name"></label>'
        )
    if purpose in (Purpose.INVITATION, Purpose.PASSWORD_RESET):
        shown += (
            f"<label>{html.escape(words['password'])}"
            '<input type="password" name="password" required minlength="8" maxlength="128" '
            'autocomplete="new-password"></label>'
        )
    return shown


def _over(request: AnyRequest, error: ColonnadeError) -> Response[str]:
    wanted = request.headers.get("accept-language", "")[:2].lower()
    words = _words(wanted)
    content = f"<p>{html.escape(words['over'])}</p>"
    return _page(words["refused"], None, content, error.status, _locale(wanted))


def _page(
    title: str,
    state: ConfirmationState | None,
    content: str,
    status: int = 200,
    locale: str = DEFAULT_LOCALE,
) -> Response[str]:
    if state is not None:
        locale = _locale(state.locale)
        title = f"{title} · {state.academy}"
    page = (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{html.escape(title)}</h1>{content}</body></html>"
    )
    return Response(page, media_type=PAGE, headers=dict(_HEADERS), status_code=status)


def _locale(tag: str) -> str:
    language = tag.partition("-")[0].lower()
    return language if language in LOCALES else DEFAULT_LOCALE


@cache
def _texts() -> dict[str, dict[str, Any]]:
    folder = files("colonnade_user") / "texts"
    return {one: loads((folder / f"{one}.toml").read_text(encoding="utf-8")) for one in LOCALES}


def _words(tag: str) -> dict[str, Any]:
    return _texts()[_locale(tag)]
