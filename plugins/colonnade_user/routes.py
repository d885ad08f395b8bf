"""The HTTP face of the user service, under `/api/v1`."""

from typing import Any

from litestar import Controller, Response

from colonnade.http import delete, get, patch, post
from colonnade_user.api import (
    ChangePassword,
    DeleteUser,
    EndSession,
    EndSessions,
    GetCurrentUser,
    GetProfile,
    GetSigningKeys,
    GetUser,
    ListSessions,
    ListUsers,
    Login,
    Logout,
    RefreshTokens,
    RegisterUser,
    RotateSigningKey,
    UpdateProfile,
    UpdateUser,
)


async def keep_out_of_caches(response: Response[Any]) -> Response[Any]:
    """Tokens are for the one who asked (RFC 6749 §5.1)."""
    response.headers["Cache-Control"] = "no-store"
    return response


class AuthenticationController(Controller):
    """Becoming and staying somebody."""

    path = "/auth"
    tags = ["authentication"]  # noqa: RUF012
    after_request = staticmethod(keep_out_of_caches)

    register = post("/register", RegisterUser, location="/api/v1/users/{id}")
    login = post("/login", Login, status=200)
    refresh = post("/refresh", RefreshTokens, status=200)
    logout = post("/logout", Logout, status=204)
    password = post("/password", ChangePassword, status=204)
    keys = get("/jwks", GetSigningKeys)
    rotate = post("/keys", RotateSigningKey)


class SessionController(Controller):
    """One's own sign-ins."""

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


class ProfileController(Controller):
    """What people tell about themselves."""

    path = "/profiles"
    tags = ["users"]  # noqa: RUF012

    read = get("/{user_id:str}", GetProfile)
    update = patch("/{user_id:str}", UpdateProfile)


ROUTES = [AuthenticationController, SessionController, UserController, ProfileController]
