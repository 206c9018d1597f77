"""An application on the session bus with a UnifiedPush connector of every version, and calls of what is on the bus.

As a program it owns a name and writes each call of its connector as a line of JSON, until it or the bus ends:
    dbus_app.py org.example.App calls.jsonl
"""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from dbus_next import Message, MessageType, Variant
from dbus_next.aio import MessageBus

from waiting import eventually

DISTRIBUTOR = "org.unifiedpush.Distributor.Apus"
DISTRIBUTOR_PATH = "/org/unifiedpush/Distributor"
CONNECTOR_PATH = "/org/unifiedpush/Connector"
CONNECTORS = ["org.unifiedpush.Connector1", "org.unifiedpush.Connector2"]


class CallFailed(Exception):
    """The answer is an error. `args` are its name and its text."""


def plain(value):
    """A value without variants, and bytes as text."""
    match value:
        case Variant():
            return plain(value.value)
        case bytes():
            return value.decode("latin-1")
        case dict():
            return {key: plain(member) for key, member in value.items()}
        case list():
            return [plain(member) for member in value]
        case _:
            return value


def call(address, interface, member, signature="", body=(), destination=DISTRIBUTOR, path=DISTRIBUTOR_PATH):
    """What a method answers, without variants: one value, a list of several, or nothing."""

    async def run():
        bus = await MessageBus(bus_address=address).connect()
        try:
            message = Message(
                destination=destination, path=path, interface=interface, member=member, signature=signature,
                body=list(body))
            answer = await asyncio.wait_for(bus.call(message), 30)
        finally:
            bus.disconnect()
        if answer.message_type == MessageType.ERROR:
            raise CallFailed(answer.error_name, *answer.body)
        values = plain(answer.body)
        return values[0] if len(values) == 1 else values or None

    return asyncio.run(run())


def dictionary(**members):
    """The argument of the second version's methods."""
    return [{name: Variant("s", value) for name, value in members.items()}]


class App:
    """An application that a test starts and stops, or that the bus starts."""

    def __init__(self, desktop, name):
        self.desktop = desktop
        self.name = name
        self.log = desktop.directory / f"{name}.jsonl"
        self.process = None

    @property
    def command(self):
        return [sys.executable, str(Path(__file__).resolve()), self.name, str(self.log)]

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.desktop.environment, stdin=subprocess.DEVNULL)
        eventually(lambda: any(call["member"] == "started" for call in self.calls()))
        return self

    def stop(self):
        self.process.kill()
        self.process.wait(10)
        eventually(lambda: not self.desktop.has_owner(self.name))

    def end(self):
        """Ends what the test started. What the bus started ends with the bus."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def let_the_bus_start_it(self):
        """As an application is installed."""
        command = " ".join(f'"{word}"' for word in self.command)
        self.desktop.install_service(self.name, command)

    def calls(self, member=None):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if call["member"] == member] if member else calls

    def messages(self, count=1):
        """The arguments of `count` messages, once there are so many."""
        return self._arguments("Message", count)

    def endpoint(self, count=1):
        """The arguments of the newest endpoint, once there were so many."""
        return self._arguments("NewEndpoint", count)[-1]

    def _arguments(self, member, count):
        eventually(lambda: len(self.calls(member)) >= count)
        return [call["arguments"] for call in self.calls(member)]

    def register(self, token, version=2):
        match version:
            case 0:
                arguments = "Distributor1", "ss", [self.name, token]
            case 1:
                arguments = "Distributor1", "sss", [self.name, token, "An application"]
            case _:
                arguments = "Distributor2", "a{sv}", dictionary(service=self.name, token=token)
        interface, signature, body = arguments
        return call(self.desktop.address, f"org.unifiedpush.{interface}", "Register", signature, body)

    def unregister(self, token, version=2):
        signature, body = ("a{sv}", dictionary(token=token)) if version == 2 else ("s", [token])
        interface = "Distributor2" if version == 2 else "Distributor1"
        return call(self.desktop.address, f"org.unifiedpush.{interface}", "Unregister", signature, body)


async def be_an_application(name, log):
    def write(member, interface=None, arguments=()):
        line = {"member": member, "interface": interface, "arguments": plain(list(arguments)), "pid": os.getpid()}
        with open(log, "a") as file:
            file.write(json.dumps(line) + "\n")

    def answer(message):
        if message.path != CONNECTOR_PATH or message.interface not in CONNECTORS:
            return None
        write(message.member, message.interface, message.body)
        if not message.interface.endswith("2"):
            return Message.new_method_return(message)
        sent = message.body[0]
        return Message.new_method_return(message, "a{sv}", [{"id": sent["id"]} if "id" in sent else {}])

    bus = await MessageBus().connect()
    bus.add_message_handler(answer)
    await bus.request_name(name)
    write("started")
    with suppress(EOFError, OSError):
        await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(be_an_application(*sys.argv[1:]))
