"""The course service on a bench, beside accounts and content that the tests say."""

from uuid import UUID

from course_journeys import Caller

from colonnade.context import Principal
from colonnade.errors import NotFound
from colonnade.identifiers import listed_ids
from colonnade.pagination import Page
from colonnade_content.api import ListPublishableContent, ListPublishableMedia, Publishable
from colonnade_course import plugin
from colonnade_runtime.testing import ServiceBench, example_of
from colonnade_user.api import GetUser, ListUsers, Role, User, UserStatus


class CourseBench(ServiceBench):
    """`people` are those with an account; what is in `unpublishable` may not be shown."""

    def __init__(self) -> None:
        super().__init__(plugin)
        self.people: dict[str, Principal] = {}
        self.unpublishable: set[UUID] = set()

    def answer_for_others(self) -> None:
        """Say what the user service and the content service answer."""
        self.stub(GetUser, self._user)
        self.stub(ListPublishableContent, self._publishable)
        self.stub(ListPublishableMedia, self._publishable)
        self.listed_users = self.stub(ListUsers, self._users)

    def caller(self, role: str) -> Caller:
        """Somebody with an account, over HTTP."""
        principal = self.person(roles={role})
        self.people[principal.id] = principal
        return Caller(self.client(principal), principal.id)

    def _user(self, request: GetUser) -> User:
        """Those who teach are shown to this service, and nobody else."""
        found = self.people.get(str(request.user_id))
        if found is None or found.roles == ("learner",):
            raise NotFound("There is nobody of this id.")
        role = Role(found.roles[0])
        return example_of(User, id=request.user_id, role=role, status=UserStatus.ACTIVE)

    def _users(self, request: ListUsers) -> Page[User]:
        """Everybody who is asked for and has an account, without addresses."""
        ids = [str(each) for each in listed_ids(request.ids or "")]
        found = [
            example_of(User, id=UUID(each), name=f"Person {each[-4:]}", email=None)
            for each in ids
            if each in self.people
        ]
        return Page[User](items=found)

    def _publishable(self, request: ListPublishableContent | ListPublishableMedia) -> Publishable:
        return Publishable(ids=[each for each in request.ids if each not in self.unpublishable])
