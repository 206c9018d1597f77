"""Senders and devices under load, many at once on one event loop, with a ledger of what was promised and what came."""

import asyncio
import json
from collections import defaultdict

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

GONE = (OSError, EOFError, ConnectionClosed, InvalidMessage)
"""What a connection to a server that was killed fails with."""


class HTTP:
    """One connection, one request at a time."""

    @classmethod
    async def open(cls, server):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", server.port)
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def request(self, method, path, body=b"", **headers):
        """The status and the body, read as JSON."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
        return int(head.split()[1]), json.loads(await self.reader.readexactly(length))


class Ledger:
    def __init__(self):
        self.accepted = {}
        """Message id → the ids of the devices that it is for, and whether it needs confirmation."""
        self.message_of = {}
        """A request's number → the id of the message that it became."""
        self.delivered = defaultdict(set)
        """Device id → the ids of the messages that it got."""
        self.confirmed = defaultdict(set)
        """Device id → messages that it confirmed, of which the server has not said yet that it knows."""
        self.settled = defaultdict(set)
        """Device id → messages of which the server said that the device has them."""
        self.broken = []
        """Promises that were not kept."""

    def became(self, number, message):
        if self.message_of.setdefault(number, message) != message:
            self.broken.append(f"request {number} became {self.message_of[number]} and {message}")

    def accept(self, number, message, devices, needs_confirmation):
        self.became(number, message)
        self.accepted[message] = (frozenset(devices), needs_confirmation)

    def deliver(self, device, message):
        self.delivered[device].add(message["id"])
        self.became(message["extra"], message["id"])

    def undelivered(self):
        return [
            (message, device)
            for message, (devices, _) in self.accepted.items() for device in devices
            if message not in self.delivered[device]
        ]


class Load:
    """Everybody who talks to one server, whose app they belong to."""

    def __init__(self, app, random):
        self.app = app
        self.random = random
        self.ledger = Ledger()
        self.numbers = iter(range(1, 1 << 40))
        self.awake = [app.register(alias=f"awake-{n}", tag=["awake", f"group-{n % 4}"]) for n in range(20)]
        self.asleep = [app.register(alias=f"asleep-{n}") for n in range(2)]
        self.unanswered = {}
        """A sender → the request of which it does not know whether it was accepted."""

    @property
    def devices(self):
        return self.awake + self.asleep

    @property
    def server(self):
        return self.app.server

    # Senders

    def new_request(self):
        """A request's number, its body, the devices it is for, and whether it needs confirmation."""
        number = next(self.numbers)
        kind = self.random.choices(["one", "asleep", "group", "all"], weights=[70, 10, 15, 5])[0]
        needs_confirmation = kind != "asleep"
        if kind == "all":
            devices, audience = self.devices, {}
        elif kind == "group":
            group = self.random.randrange(4)
            devices, audience = self.awake[group::4], {"audienceType": "TAG", "audiences": [f"group-{group}"]}
        else:
            device = self.random.choice(self.awake if kind == "one" else self.asleep)
            devices, audience = [device], {"audienceType": "ALIAS", "audiences": [device.alias]}
        body = self.app.body(
            alert="x" * self.random.randrange(1, 300), extra=number, needConfirm=needs_confirmation,
            requestId=f"request-{number}", **audience)
        return number, json.dumps(body).encode(), [device.id for device in devices], needs_confirmation

    async def send_on(self, sender, once=False):
        """Sends until the server is gone. What was not answered is asked again first, under the same request id."""
        try:
            async with await HTTP.open(self.server) as http:
                while not (once and sender not in self.unanswered):
                    request = self.unanswered.setdefault(sender, self.new_request())
                    number, body, devices, needs_confirmation = request
                    status, answer = await http.request("POST", "/msgpush/send", body)
                    if status != 200:
                        self.ledger.broken.append(f"request {number} was answered {status} {answer}")
                    else:
                        self.ledger.accept(number, answer["requestId"], devices, needs_confirmation)
                    del self.unanswered[sender]
        except GONE:
            pass

    # Devices

    async def be(self, device, confirming=0.8, reconnecting=0.01):
        """Receives until the server is gone, now and then on a new connection."""
        try:
            while True:
                await self.listen(device, confirming, reconnecting)
        except GONE:
            pass

    async def listen(self, device, confirming, reconnecting):
        settled = frozenset(self.ledger.settled[device.id])
        last = 0
        url = f"ws://127.0.0.1:{self.server.port}/msgpush.ws?deviceId={device.id}"
        async with connect(
            url, compression=None, proxy=None, ping_interval=None, max_queue=None, close_timeout=1
        ) as socket:
            async for text in socket:
                message = json.loads(text)
                id = message["id"]
                if id in settled:
                    self.ledger.broken.append(f"{id} came again to {device.alias}, which had confirmed it")
                if int(id) <= last:
                    self.ledger.broken.append(f"{id} came to {device.alias} after {last}")
                last = int(id)
                self.ledger.deliver(device.id, message)
                if message["needConfirm"] and self.random.random() < confirming:
                    await socket.send(f"CFM:{id}")
                    self.ledger.confirmed[device.id].add(id)
                if self.random.random() < reconnecting:
                    return
        raise EOFError("closed by the server")

    # Auditors

    async def audit(self):
        """Asks of confirmed messages whether the server knows, until it is gone."""
        try:
            async with await HTTP.open(self.server) as http:
                while True:
                    device = self.random.choice(self.awake)
                    confirmed = self.ledger.confirmed[device.id]
                    if not confirmed:
                        # Something is asked all the same: who asks nothing does not see that the server is gone.
                        await http.request("GET", "/healthz")
                        continue
                    message = self.random.choice(sorted(confirmed))
                    status, answer = await self.status(http, message)
                    states = {entry["deviceId"]: entry["state"] for entry in answer.get("deliveries", [])}
                    if states.get(device.id) == "received":
                        confirmed.discard(message)
                        self.ledger.settled[device.id].add(message)
        except GONE:
            pass

    async def status(self, http, message):
        return await http.request("GET", f"/v1/messages/{message}", X_App_Key=self.app.key)
