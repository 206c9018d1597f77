"""An app and its devices, as programs written for ONE-PUSH see them."""

import itertools
import json
import socket
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

names = (f"name-{number}" for number in itertools.count(1))


class App:
    def __init__(self, server, **members):
        answer = server.create_app(**members)
        self.server = server
        self.id = answer["id"]
        self.key = answer["appKey"]

    # Devices

    def registration(self, **members):
        return {"appId": self.id, "alias": next(names), "platform": "ANDROID", "nativeToken": next(names)} | members

    def register(self, **members):
        registration = self.registration(**members)
        answer = self.server.post("/msgpush/register", json=registration)
        assert answer.status_code == 200, answer.text
        return Device(self, answer.json()["id"], registration)

    def unregister(self, device):
        answer = self.server.post(f"/msgpush/unregister/{device.id}")
        assert (answer.status_code, answer.text) == (200, "")

    # Messages

    def body(self, **members):
        """A message to every device, unless `members` say otherwise. A member that is None is left out."""
        usual = {
            "appId": self.id, "appKey": self.key, "platform": "ALL", "audienceType": "ALL", "audiences": ["ALL"],
            "alert": "hello",
        }
        return {name: value for name, value in (usual | members).items() if value is not None}

    def post(self, headers=None, **members):
        return self.server.post("/msgpush/send", json=self.body(**members), headers=headers)

    def send(self, headers=None, **members):
        """The id of the message, which is accepted."""
        answer = self.post(headers, **members)
        assert answer.status_code == 200, answer.text
        return answer.json()["requestId"]

    def send_to(self, *devices, **members):
        return self.send(audienceType="DEVICE", audiences=[device.id for device in devices], **members)

    def batch(self, bodies):
        """The answers to a batch. A body may be text, which is sent as it is."""
        lines = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        answer = self.server.post("/v1/messages:batch", data="\n".join(lines).encode())
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    # What became of them

    def get(self, path):
        return self.server.get(path, headers={"X-App-Key": self.key})

    def status(self, message, **query):
        answer = self.server.get(f"/v1/messages/{message}", params=query, headers={"X-App-Key": self.key})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def counts(self, message):
        """How many deliveries are in which state; without those that none is in."""
        return {state: count for state, count in self.status(message)["counts"].items() if count}

    def delivery(self, message, device):
        found = [entry for entry in self.status(message)["deliveries"] if entry["deviceId"] == device.id]
        assert len(found) == 1, f"{len(found)} deliveries of {message} to {device.id}"
        return found[0]

    def state(self, message, device):
        return self.delivery(message, device)["state"]

    def explain(self, message, device):
        answer = self.get(f"/v1/messages/{message}/explain?device={device.id}")
        assert answer.status_code == 200, answer.text
        return answer.json()


class Device:
    def __init__(self, app, id, registration):
        self.app = app
        self.id = id
        self.registration = registration

    @property
    def alias(self):
        return self.registration["alias"]

    def connect(self):
        return Connection(self.app.server, self.id)

    def receives_before_a_marker(self, connection):
        """The messages that come before one that is sent now. Since messages are in order, none is left behind."""
        marker = self.app.send_to(self, alert="marker")
        return connection.messages_before(marker)


class Connection:
    """A device's WebSocket."""

    def __init__(self, server, device_id):
        query = "" if device_id is None else f"?deviceId={quote(device_id, safe='')}"
        self.socket = connect(
            f"{server.url.replace('http', 'ws', 1)}/msgpush.ws{query}", ssl=server.ssl, compression=None, proxy=None, ping_interval=None,
            max_queue=None, close_timeout=2, legacy=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def drop(self):
        """Cuts the connection without a word."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def say(self, text):
        self.socket.send(text)

    def confirm(self, *messages):
        self.say("CFM:" + ",".join(messages))

    def read(self, *messages):
        self.say("READ:" + ",".join(messages))

    def text(self, within=10):
        return self.socket.recv(timeout=within)

    def message(self, within=10):
        return json.loads(self.text(within))

    def messages(self, count):
        return [self.message() for _ in range(count)]

    def rest(self):
        """What had come by the time the connection was closed, and was not taken yet."""
        messages = []
        try:
            while True:
                messages.append(self.message())
        except ConnectionClosed:
            return messages

    def messages_before(self, marker):
        messages = []
        while (message := self.message())["id"] != marker:
            messages.append(message)
        return messages

    def texts_before_heartbeat_answer(self):
        """What had been sent when the server answers a heartbeat that is sent now."""
        self.say("HBT")
        texts = []
        while (text := self.text()) != "ACK1":
            texts.append(text)
        return texts

    def closing(self, within=10):
        """The code and the reason with which the server closes; what comes before is dropped."""
        try:
            while True:
                self.text(within)
        except ConnectionClosed as closed:
            assert closed.rcvd, "the connection ended without a close frame"
            return closed.rcvd.code, closed.rcvd.reason


def ids(messages):
    return [message["id"] for message in messages]
