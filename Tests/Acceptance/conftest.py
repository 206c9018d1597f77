"""Servers that end with their tests."""

import pytest

from onepush import App
from server import BINARY, Server


def pytest_configure():
    if not BINARY.exists():
        pytest.exit(f"There is no {BINARY}: build it with `swift build`, or name another by APUS_BINARY.", 2)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server as it is without settings, for all tests that need no other."""
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield server
    server.end()


@pytest.fixture
def app(server):
    """A new app of that server."""
    return App(server)


@pytest.fixture
def device(app):
    return app.register()


@pytest.fixture
def start_server(tmp_path_factory):
    """Starts servers of the test's own."""
    servers = []

    def start(*arguments, token=None, data=None, authority=None, **settings):
        options = {"token": token} if token is not None else {}
        server = Server(tmp_path_factory.mktemp("server"), *arguments, data=data, authority=authority, **options)
        servers.append(server)
        return server.start(**settings)

    yield start
    for server in servers:
        server.end()
