"""The services that tests share: started when the first test asks for one, stopped after the last."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services import Service, flush, new_database, postgresql, redis_server


@pytest.fixture(scope="session")
def postgresql_service() -> Iterator[Service]:
    """One PostgreSQL for all tests; who stops it starts it again."""
    with postgresql() as service:
        yield service


@pytest.fixture
def postgresql_url(postgresql_service: Service) -> str:
    """The URL of a new, empty database."""
    return new_database(postgresql_service.url, f"test_{uuid4().hex}")


@pytest.fixture(scope="session")
def redis_service() -> Iterator[Service]:
    """One Redis for all tests; who stops it starts it again."""
    with redis_server() as service:
        yield service


@pytest.fixture
def redis_url(redis_service: Service) -> str:
    """The URL of an empty Redis."""
    flush(redis_service.url)
    return redis_service.url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty store of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/parley.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found
