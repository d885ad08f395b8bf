"""The user service reacts to no event: what other services do changes nothing about an account.

Others react to `UserRegistered`, `UserRoleChanged`, `UserStatusChanged`, `UserDeleted`,
`ProfileUpdated` and `SessionEnded`, which `api.py` declares.
"""
