from collections.abc import Callable

import pytest

from tests.town import Town
from tests.web.visitor import Visitor, application


@pytest.fixture
def visit(town: Town) -> Callable[[str], Visitor]:
    """A browser signed in as somebody (hokatsu-uke1 …); an empty name stays outside."""
    app = application(town)

    def begin(login: str = "") -> Visitor:
        visitor = Visitor(app.test_client())
        if login:
            visitor.signs_in(login)
            assert not visitor.title().startswith("入る"), f"{login} は入れません: {visitor.text()}"
        return visitor

    return begin
