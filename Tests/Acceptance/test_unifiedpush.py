"""UnifiedPush on Apus's own XMPP server (seed 002, Conversations' protocol) and over HTTP (RFC 8030)."""

import pytest
import requests

from unifiedpush import Distributor, instance_hash
from waiting import eventually
from xmpp import XMPPApp, xmpp_server


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def distributor(app):
    user = app.add_user()
    return Distributor(user)


def test_a_push_reaches_the_distributor_byte_for_byte(app, distributor):
    endpoint, _ = distributor.register("mail")
    data = bytes(range(256))
    answer = requests.post(endpoint, data=data)
    assert answer.status_code == 201, answer.text
    id, application, received = distributor.push()
    assert (application, received) == (instance_hash("mail"), data)
    distributor.accept(id)
    eventually(lambda: app.state(id, distributor.user) == "received")
