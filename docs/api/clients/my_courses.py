"""My courses, by the client that openapi-python-client generates."""

from colonnade_client import AuthenticatedClient, Client
from colonnade_client.api.course import list_enrollments
from colonnade_client.api.user import login
from colonnade_client.models import ListEnrollmentsInclude, LoginBody, Problem


def my_courses(url: str, tenant: str, email: str, password: str) -> list[str]:
    """The titles of the courses that somebody is enrolled in."""
    academy = {"X-Tenant": tenant}
    with Client(base_url=url, headers=academy) as visitor:
        pair = login.sync(client=visitor, body=LoginBody(email=email, password=password))
    if pair is None or isinstance(pair, Problem):
        raise PermissionError(pair.detail if pair else "no answer")
    with AuthenticatedClient(base_url=url, headers=academy, token=pair.access_token) as client:
        page = list_enrollments.sync(
            client=client, include=ListEnrollmentsInclude.COURSE, limit=100
        )
    if page is None or isinstance(page, Problem):
        raise RuntimeError(page.detail if page else "no answer")
    return [item.course.title for item in page.items if item.course]
