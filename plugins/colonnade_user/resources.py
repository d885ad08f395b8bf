"""Resource types of the user service: fields that policies decide on."""

from colonnade.policy import ResourceType
from colonnade_user.models import InvitationRow, ProfileRow, SessionRow, UserRow

USER = ResourceType(
    "user",
    fields={"id": UserRow.id, "role": UserRow.role, "status": UserRow.status},
)
PROFILE = ResourceType(
    "profile",
    fields={"user_id": ProfileRow.user_id, "audience": ProfileRow.audience},
)
SESSION = ResourceType(
    "session",
    fields={"id": SessionRow.id, "user_id": SessionRow.user_id},
)

INVITATION = ResourceType(
    "invitation",
    fields={
        "id": InvitationRow.id,
        "role": InvitationRow.role,
        "status": InvitationRow.status,
        "invited_by": InvitationRow.invited_by,
    },
)

RESOURCE_TYPES = (USER, PROFILE, SESSION, INVITATION)
