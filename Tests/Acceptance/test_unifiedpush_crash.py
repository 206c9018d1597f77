"""The server is killed while application servers post to endpoints, and must keep every promise."""

import base64
import os
import random
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from unifiedpush import Distributor, WebSocketDistributor, path
from waiting import eventually
from xmpp import XMPPApp, settings

ROUNDS = int(os.environ.get("APUS_UNIFIEDPUSH_CRASH_ROUNDS") or 6)
SEED = int(os.environ.get("APUS_CRASH_SEED") or random.randrange(1 << 32))
SENDERS = 4
GONE = (OSError, AssertionError, EOFError, ConnectionClosed, TimeoutError)
"""What a connection to a server that was killed fails with."""


class Actor:
    """Does one thing again and again, in a thread, until it is told to stop."""

    def __init__(self):
        self.is_over = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.is_over:
            try:
                self.act()
            except (*GONE, requests.RequestException):
                time.sleep(0.02)  # the server starts again

    def start(self):
        self.thread.start()
        return self

    def join(self):
        self.is_over = True
        self.thread.join(20)
        assert not self.thread.is_alive(), f"{type(self).__name__} hangs"


class Receiver(Actor):
    """A distributor that is connected as often as it can be, and confirms what it gets."""

    def __init__(self, app):
        super().__init__()
        self.app = app
        self.received = Counter()
        """How often each push came, by its bytes."""
        self.settled = set()
        """The pushes of which the server has said that it knows of the confirmation."""
        self.broken = []
        self.ids = {}

    def act(self):
        connection = self.connect()
        try:
            while not self.is_over:
                id, data = self.take(connection)
                if data in self.settled:
                    self.broken.append(f"{data} came again though its confirmation was on disk")
                self.received[data] += 1
                self.ids[data] = id
        finally:
            self.leave(connection)


class XMPPReceiver(Receiver):
    def __init__(self, app):
        super().__init__(app)
        self.user = self.device = app.add_user()
        with self.user.connect() as stream:
            self.endpoint = path(Distributor(self.user, stream).endpoint("mail"))

    def connect(self):
        stream = self.user.connect()
        stream.socket.settimeout(1)
        return Distributor(self.user, stream)

    def take(self, distributor):
        id, _, data = distributor.push()
        distributor.accept(id)
        return id, data

    def leave(self, distributor):
        distributor.stream.socket.close()


class WebSocketReceiver(Receiver):
    def __init__(self, app):
        super().__init__(app)
        self.device = app.register()
        distributor = WebSocketDistributor(self.device)
        self.endpoint = path(distributor.endpoint())
        distributor.leave()

    def connect(self):
        return WebSocketDistributor(self.device)

    def take(self, distributor):
        message = distributor.connection.message(within=1)
        distributor.connection.confirm(message["id"])
        return message["id"], base64.b64decode(message["data"])

    def leave(self, distributor):
        with suppress(*GONE):
            distributor.connection.drop()


class Sender(Actor):
    """Posts to endpoints, and remembers what was accepted."""

    def __init__(self, app, number, receivers, seed):
        super().__init__()
        self.app = app
        self.number = number
        self.receivers = receivers
        self.random = random.Random(seed)
        self.count = 0
        self.accepted = []
        self.refused = []

    def act(self):
        self.count += 1
        receiver = self.random.choice(self.receivers)
        data = f"{self.number}: {self.count}".encode()
        answer = requests.post(self.app.server.url + receiver.endpoint, data=data, timeout=10)
        if answer.status_code == 201:
            self.accepted.append((receiver, data, answer.headers["Location"]))
        elif answer.status_code not in (429, 503):
            self.refused.append((answer.status_code, answer.text))


class Auditor(Actor):
    """Asks which confirmations the server knows of."""

    def __init__(self, app, receivers, seed):
        super().__init__()
        self.app = app
        self.receivers = receivers
        self.random = random.Random(seed)

    def act(self):
        receiver = self.random.choice(self.receivers)
        unsettled = [data for data in list(receiver.ids) if data not in receiver.settled]
        if not unsettled:
            time.sleep(0.01)
            return
        data = self.random.choice(unsettled[:50])
        answer = requests.get(
            f"{self.app.server.url}/v1/messages/{receiver.ids[data]}", headers={"X-App-Key": self.app.key}, timeout=10)
        if answer.ok and answer.json()["counts"]["received"] == 1:
            receiver.settled.add(data)


@pytest.fixture
def app(start_server, capsys):
    with capsys.disabled():
        print(f"\n{ROUNDS} crashes with APUS_CRASH_SEED={SEED}")
    # No resends: what comes again does so because of a crash.
    return XMPPApp(start_server(**settings(
        sessions__resend_after="1h", sessions__longest_resend="1h", unifiedpush__rate=0)))


def test_no_crash_loses_a_push_or_an_endpoint(app, capsys):
    start, chance = time.monotonic(), random.Random(SEED)
    online = [make(app) for make in (XMPPReceiver, WebSocketReceiver) for _ in range(2)]
    offline = [make(app) for make in (XMPPReceiver, WebSocketReceiver)]
    receivers = [*online, *offline]
    senders = [Sender(app, number, receivers, chance.random()).start() for number in range(SENDERS)]
    auditor = Auditor(app, online, chance.random()).start()
    for receiver in online:
        receiver.start()
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.2, 0.7))
        app.server.kill()
        app.server.start()
    for actor in [*senders, auditor]:
        actor.join()
    for receiver in offline:
        receiver.start()

    accepted = [push for sender in senders for push in sender.accepted]
    assert [sender.refused for sender in senders] == [[]] * SENDERS, "an endpoint is not what it was"
    eventually(lambda: not [data for receiver, data, _ in accepted if not receiver.received[data]], within=20)
    for receiver, data, _ in chance.sample(accepted, min(len(accepted), 100)):
        eventually(lambda: app.state(receiver.ids[data], receiver.device) == "received")
    for receiver in receivers:
        receiver.join()
    assert [broken for receiver in receivers for broken in receiver.broken] == []

    for receiver in receivers:
        own = {data for other, data, _ in accepted if other is receiver}
        lost = SENDERS * (ROUNDS + 1)  # posts whose answer a crash swallowed may be delivered as well
        assert own <= set(receiver.received) and len(receiver.received) <= len(own) + lost
    settled = sum(len(receiver.settled) for receiver in receivers)
    assert len(accepted) > ROUNDS * SENDERS * 5 and settled > ROUNDS, "there was hardly any load"
    locations = [location for _, _, location in accepted]
    assert len(set(locations)) == len(locations)
    with capsys.disabled():
        again = sum(count - 1 for receiver in receivers for count in receiver.received.values())
        print(
            f"{len(accepted)} pushes, {again} more than once, {settled} known to be settled before the end, "
            f"in {time.monotonic() - start:.0f} s")
