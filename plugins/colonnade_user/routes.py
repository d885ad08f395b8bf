"""HTTP routes of the user service, under `/api/v1`."""

from typing import Any

from litestar import Controller, Response
from litestar import post as litestar_post

from colonnade.http import (
    AnyRequest,
    bind,
    delete,
    edge_of,
    get,
    patch,
    post,
    read_request,
    respond,
)
from colonnade.idempotency import HEADER, refuse_key
from colonnade.messages import Empty
from colonnade_user.api import (
    AcceptInvitation,
    ChangePassword,
    ConfirmEmailChange,
    ConfirmEmailVerification,
    ConfirmPasswordReset,
    ConfirmRegistration,
    CreateInvitation,
    DeleteUser,
    EndSession,
    EndSessions,
    GetAcademy,
    GetCurrentUser,
    GetInvitation,
    GetProfile,
    GetSigningKeys,
    GetUser,
    ListInvitations,
    ListSessions,
    ListUsers,
    Login,
    Logout,
    Purpose,
    RefreshTokens,
    Register,
    RequestEmailChange,
    RequestEmailVerification,
    RequestPasswordReset,
    ResetUserPassword,
    RevokeInvitation,
    RotateSigningKey,
    UpdateAcademy,
    UpdateProfile,
    UpdateUser,
    User,
)
from colonnade_user.confirmations.pages import ConfirmationPageController, confirming

ACCOUNT = "/api/v1/users/{id}"


async def keep_out_of_caches(response: Response[Any]) -> Response[Any]:
    """Forbid caches to store answers that carry tokens (RFC 6749 §5.1)."""
    response.headers["Cache-Control"] = "no-store"
    return response


class AcademyController(Controller):
    """The academy itself."""

    path = "/academy"
    tags = ["academy"]  # noqa: RUF012

    read = get("/", GetAcademy)
    update = patch("/", UpdateAcademy)


class AuthenticationController(Controller):
    """Registration, sign-in, tokens, passwords and addresses."""

    path = "/auth"
    tags = ["authentication"]  # noqa: RUF012
    after_request = staticmethod(keep_out_of_caches)

    @litestar_post(
        "/register",
        status_code=201,
        opt=bind(
            "POST",
            Register,
            status=201,
            location=ACCOUNT,
            answers={201: User, 202: Empty},
        ),
    )
    async def register(self, request: AnyRequest) -> Response[bytes]:
        """Answer with the account, or 202 where it is opened when the address is confirmed."""
        message = await read_request(request, Register, has_body=True)
        refuse_key(request.headers.get(HEADER))
        answer = await edge_of(request).ask(message)
        if answer.user is None:
            return respond(request, Empty(), 202)
        return respond(request, answer.user, 201, ACCOUNT)

    confirm_registration = confirming(
        "/register/confirm", ConfirmRegistration, Purpose.REGISTRATION, location=ACCOUNT
    )
    login = post("/login", Login, status=200)
    refresh = post("/refresh", RefreshTokens, status=200)
    logout = post("/logout", Logout, status=204)
    password = post("/password", ChangePassword, status=204)
    forget = post("/password-reset", RequestPasswordReset, status=202)
    reset = confirming("/password-reset/confirm", ConfirmPasswordReset, Purpose.PASSWORD_RESET)
    verify = post("/email-verification", RequestEmailVerification, status=202)
    verified = confirming(
        "/email-verification/confirm", ConfirmEmailVerification, Purpose.EMAIL_VERIFICATION
    )
    change_email = post("/email-change", RequestEmailChange, status=202)
    changed_email = confirming("/email-change/confirm", ConfirmEmailChange, Purpose.EMAIL_CHANGE)
    keys = get("/jwks", GetSigningKeys)
    rotate = post("/keys", RotateSigningKey, keyed=True)


class SessionController(Controller):
    """Sessions of the caller."""

    path = "/sessions"
    tags = ["authentication"]  # noqa: RUF012

    index = get("/", ListSessions)
    end = delete("/{session_id:str}", EndSession)
    end_all = delete("/", EndSessions)


class UserController(Controller):
    """Accounts."""

    path = "/users"
    tags = ["users"]  # noqa: RUF012

    index = get("/", ListUsers)
    current = get("/me", GetCurrentUser)
    read = get("/{user_id:str}", GetUser)
    update = patch("/{user_id:str}", UpdateUser)
    remove = delete("/{user_id:str}", DeleteUser)
    reset_password = post("/{user_id:str}/password-reset", ResetUserPassword, status=202)


class InvitationController(Controller):
    """Invitations."""

    path = "/invitations"
    tags = ["users"]  # noqa: RUF012

    create = post("/", CreateInvitation, location="/api/v1/invitations/{id}", keyed=True)
    index = get("/", ListInvitations)
    read = get("/{invitation_id:str}", GetInvitation)
    revoke = delete("/{invitation_id:str}", RevokeInvitation)
    accept = confirming("/accept", AcceptInvitation, Purpose.INVITATION, location=ACCOUNT)


class ProfileController(Controller):
    """Profiles."""

    path = "/profiles"
    tags = ["users"]  # noqa: RUF012

    read = get("/{user_id:str}", GetProfile)
    update = patch("/{user_id:str}", UpdateProfile)


ROUTES = [
    AcademyController,
    AuthenticationController,
    ConfirmationPageController,
    SessionController,
    UserController,
    InvitationController,
    ProfileController,
]
