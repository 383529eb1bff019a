import pytest

from forms.answers import Context
from tests.forms.paper import AGENCIES, NOW


@pytest.fixture
def context():
    me = {"agency": "fukushi", "staff": 7}
    return Context(now=NOW, choices={"agency": AGENCIES}, me=me, files={"a1": "写真.png"})
