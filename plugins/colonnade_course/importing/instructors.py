"""Who is to teach the course of an import, by the address they sign in with."""

from collections.abc import Sequence
from dataclasses import dataclass

from colonnade.command_line import PlatformClient
from colonnade.errors import Conflict, NotFound
from colonnade_course.api import AddInstructor, Course, ListInstructors
from colonnade_course.importing.import_run import Imported, every
from colonnade_user.api import ListUsers, Role, User

_LONGEST_QUESTION = 100
"""Characters that a search for accounts takes."""


@dataclass(frozen=True, slots=True)
class ImportedTeachers:
    """Finds them before anything is imported, and adds them when the course is there."""

    platform: PlatformClient
    tenant: str
    imported: Imported

    def find(self, addresses: Sequence[str]) -> list[User]:
        """Their accounts.

        Raises:
            NotFound: nobody has an account of that address.
            Conflict: a learner has; making somebody an instructor is not an import's affair.
        """
        return [self._account(address) for address in addresses]

    def add(self, course: Course, teachers: Sequence[User]) -> None:
        """Let them teach; those who do already go on, and so does everybody else who does."""
        request = ListInstructors(course_id=course.id, limit=100)
        known = {one.user_id for one in every(self.platform, self.tenant, request)}
        for teacher in teachers:
            if teacher.id not in known:
                added = AddInstructor(course_id=course.id, user_id=teacher.id)
                self.platform.ask(self.tenant, added)
                self.imported.changes += 1

    def _account(self, address: str) -> User:
        request = ListUsers(q=address[:_LONGEST_QUESTION], limit=100)
        accounts = every(self.platform, self.tenant, request)
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
