from collections.abc import Callable

import pytest

from tests.town import Town
from tests.web.visitor import Visitor, application


@pytest.fixture
def visit(town: Town) -> Callable[[str], Visitor]:
    """A browser signed in as somebody (fukushi-sui1 …)."""
    app = application(town)

    def begin(login: str) -> Visitor:
        return Visitor(app.test_client()).signs_in(login)

    return begin
