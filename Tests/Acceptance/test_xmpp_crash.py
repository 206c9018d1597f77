"""The server is killed while XMPP devices come, go and get messages, and must keep every promise."""

import os
import random
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
import requests

from waiting import eventually
from xmpp import XMPPApp, legacy_login, names, registration, settings

ROUNDS = int(os.environ.get("APUS_XMPP_CRASH_ROUNDS") or 10)
SEED = int(os.environ.get("APUS_CRASH_SEED") or random.randrange(1 << 32))
SENDERS = 3
GONE = (OSError, AssertionError)
"""What a stream to a server that was killed fails with."""


class Actor:
    """Does one thing again and again, in a thread, until it is told to stop."""

    def __init__(self, app, seed):
        self.app = app
        self.random = random.Random(seed)
        self.is_over = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.is_over:
            self.act()

    def start(self):
        self.thread.start()
        return self

    def join(self):
        self.is_over = True
        self.thread.join(20)
        assert not self.thread.is_alive(), f"{type(self).__name__} hangs"


class Device(Actor):
    """A device that is connected as often as it can be. One that is hasty cuts its streams soon, without a word."""

    def __init__(self, app, user, seed, is_hasty=False):
        super().__init__(app, seed)
        self.user = user
        self.is_hasty = is_hasty
        self.received = Counter()
        self.broken = []
        self.patience = 3 if is_hasty else float("inf")
        self.stream = None

    def act(self):
        try:
            with self.user.connect() as self.stream:
                self.listen(self.stream)
        except GONE:
            time.sleep(0.02)  # the server starts again

    def listen(self, stream):
        seen = set()
        while not self.is_over and len(seen) < self.patience:
            notification = stream.notification()
            message = notification["id"]
            if message in seen:
                self.broken.append(f"{message} came twice on one stream")
            seen.add(message)
            self.received[message] += 1
            if notification["message"] == "confirm":
                with suppress(OSError):  # what came before the end is still to be taken
                    stream.say(f'<iq type="result" id="{notification["iq"]["id"]}"/>')

    def join(self):
        self.is_over = True
        if self.stream:
            with suppress(OSError):
                self.stream.drop()
        super().join()


class Sender(Actor):
    """Sends to some of the users, and remembers what was accepted."""

    def __init__(self, app, users, seed):
        super().__init__(app, seed)
        self.users = users
        self.accepted = {}
        """Message id → the ids of the devices that it is for, and whether it needs confirmation."""

    def act(self):
        devices = self.random.sample([user.id for user in self.users], self.random.randrange(1, len(self.users)))
        needs_confirmation = self.random.random() < 0.5
        body = self.app.body(
            audienceType="DEVICE", audiences=devices, alert="confirm" if needs_confirmation else "no need",
            needConfirm=needs_confirmation)
        try:
            answer = requests.post(f"{self.app.server.url}/msgpush/send", json=body, timeout=10)
        except requests.RequestException:
            time.sleep(0.02)
            return
        if answer.ok:
            self.accepted[answer.json()["requestId"]] = (devices, needs_confirmation)


class Newcomer(Actor):
    """Registers devices, and remembers those that were told that they are."""

    def __init__(self, app, seed):
        super().__init__(app, seed)
        self.registered = []

    def act(self):
        name = next(names)
        try:
            with self.app.stream() as stream:
                stream.open()
                if stream.ask(registration(name, "secret")).get("type") == "result":
                    self.registered.append(name)
        except GONE:
            time.sleep(0.02)


@pytest.fixture
def app(start_server, capsys):
    with capsys.disabled():
        print(f"\n{ROUNDS} crashes with APUS_CRASH_SEED={SEED}")
    # No resends, so that whatever comes twice on one stream is a mistake.
    return XMPPApp(start_server(**settings(
        sessions__resend_after="1h", sessions__longest_resend="1h", xmpp__registrations_per_minute=1_000_000)))


def test_no_crash_loses_a_message_or_an_account(app, capsys):
    start, chance = time.monotonic(), random.Random(SEED)
    users = [app.add_user() for _ in range(8)]
    devices = [Device(app, user, chance.random(), is_hasty=number < 2) for number, user in enumerate(users)]
    online, offline = devices[:5], devices[5:]
    newcomer = Newcomer(app, chance.random()).start()
    senders = [Sender(app, users, chance.random()).start() for _ in range(SENDERS)]
    for device in online:
        device.start()
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.1, 0.8))
        app.server.kill()
        app.server.start()
    for actor in [*senders, newcomer]:
        actor.join()
    accepted = {message: what for sender in senders for message, what in sender.accepted.items()}
    for device in devices:
        device.patience = float("inf")
    for device in offline:
        device.start()

    by_id = {device.user.id: device for device in devices}

    def lost():
        """What has to be confirmed, or was for a device that takes all that comes, and did not come."""
        return [
            (message, id) for message, (ids, needs_confirmation) in accepted.items() for id in ids
            if message not in by_id[id].received and (needs_confirmation or not by_id[id].is_hasty)]

    eventually(lambda: not lost(), within=20)
    for message, (ids, needs_confirmation) in chance.sample(sorted(accepted.items()), min(len(accepted), 200)):
        state = "received" if needs_confirmation else "sent"
        eventually(lambda: app.counts(message) == {state: len(ids)})
    for device in devices:
        device.join()
    assert [broken for device in devices for broken in device.broken] == []
    for name in newcomer.registered:
        with app.stream() as stream:
            stream.open()
            answer = stream.ask(legacy_login(name, "secret", stream.id))
            assert answer.get("type") == "result", f"the account {name} is lost"

    counts = [count for device in devices for count in device.received.values()]
    assert len(accepted) > ROUNDS * 10 and len(newcomer.registered) > ROUNDS, "there was hardly any load"
    with capsys.disabled():
        print(
            f"{len(accepted)} messages, {len(counts)} deliveries, {sum(counts) - len(counts)} more than once, "
            f"{len(newcomer.registered)} registrations, in {time.monotonic() - start:.0f} s")
