"""Import of instructors, by the address they sign in with."""

from collections.abc import Sequence
from dataclasses import dataclass

from colonnade.command_line import PlatformClient
from colonnade.errors import Conflict, NotFound
from colonnade_course.api import AddInstructor, Course, ListInstructors
from colonnade_course.importing.import_run import ImportRun, list_all
from colonnade_user.api import ListUsers, Role, User

_LONGEST_QUESTION = 100
"""Characters that a search for accounts takes."""


@dataclass(frozen=True, slots=True)
class InstructorImport:
    """Look-up of instructors before anything is imported, and their addition afterwards."""

    platform: PlatformClient
    tenant: str
    run: ImportRun

    def find(self, addresses: Sequence[str]) -> list[User]:
        """Find the accounts of addresses.

        Raises:
            NotFound: no account has that address.
            Conflict: the account is a learner's; an import does not change roles.
        """
        return [self._account(address) for address in addresses]

    def add(self, course: Course, teachers: Sequence[User]) -> None:
        """Add instructors to the course; those that it has stay."""
        request = ListInstructors(course_id=course.id, limit=100)
        known = {one.user_id for one in list_all(self.platform, self.tenant, request)}
        for teacher in teachers:
            if teacher.id not in known:
                added = AddInstructor(course_id=course.id, user_id=teacher.id)
                self.platform.ask(self.tenant, added)
                self.run.changes += 1

    def _account(self, address: str) -> User:
        request = ListUsers(q=address[:_LONGEST_QUESTION], limit=100)
        accounts = list_all(self.platform, self.tenant, request)
        found = [one for one in accounts if (one.email or "").lower() == address.lower()]
        if not found:
            raise NotFound(f"Nobody in {self.tenant} has an account with the address {address}.")
        [account] = found
        if account.role is Role.LEARNER:
            raise Conflict(
                f"{address} is a learner in {self.tenant}, and learners teach nothing. Make them "
                f'an instructor first: PATCH /api/v1/users/{account.id} {{"role": "instructor"}}.'
            )
        return account
