"""Errors of the service, by stable codes."""

from colonnade.errors import ColonnadeError, Conflict, NotFound


class LinkExpired(ColonnadeError):
    """The unsubscribe link was made too long ago."""

    code = "notification.link_expired"
    title = "The link is too old"
    status = 410


class MandatoryCategory(Conflict):
    """Security and receipts cannot be turned off or put off on these channels."""

    code = "notification.mandatory_category"
    title = "This cannot be turned off"


class NotFailed(Conflict):
    """The delivery neither failed nor was suppressed, so that it cannot be sent again."""

    code = "notification.not_failed"
    title = "There is nothing to send again"


class EndpointTaken(Conflict):
    """The push endpoint is another person's, and the keys of the browser are not the same."""

    code = "notification.endpoint_taken"
    title = "This push endpoint is somebody else's"


class TooManySubscriptions(Conflict):
    """The person has as many push subscriptions as they may have."""

    code = "notification.too_many_subscriptions"
    title = "Too many push subscriptions"


class TooManyTemplates(Conflict):
    """The academy has one kind of message in as many languages as it may."""

    code = "notification.too_many_templates"
    title = "Too many templates"


class UnknownToken(NotFound):
    """The unsubscribe link was not made here."""

    code = "notification.unknown_token"
    title = "The link is not valid"
