"""Clients and components of slixmpp, which run in a thread, and the network between them and the server."""

import asyncio
import gc
import queue
import re
import socket
import struct
import threading
from contextlib import suppress

from slixmpp import ClientXMPP, ComponentXMPP

WITHIN = 10


class Loop:
    """An event loop in a thread."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._peers = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def run(self, function, *arguments, **options):
        """What the function answers, or the coroutine that it makes. It runs in the loop."""

        async def run():
            result = function(*arguments, **options)
            return await result if asyncio.iscoroutine(result) or asyncio.isfuture(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(WITHIN)

    def keep(self, peer):
        """Keeps what has tasks in the loop until that closes."""
        self._peers.append(peer)

    async def _cancel_tasks(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self):
        self.run(self._cancel_tasks)
        self._peers.clear()
        gc.collect()  # what is left of the peers needs the loop
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN)
        self._loop.close()


class Peer:
    """Whoever speaks XMPP through slixmpp. What happens is put into queues."""

    EVENTS = ["session_start", "disconnected", "stream_error", "presence_available"]
    MORE_EVENTS = []

    def __init__(self, loop, make):
        self.loop = loop
        self.xmpp = loop.run(make)
        loop.keep(self.xmpp)
        self.events = {name: queue.Queue() for name in [*self.EVENTS, *self.MORE_EVENTS]}
        for name, happened in self.events.items():
            self.xmpp.add_event_handler(name, happened.put)
        self.messages = queue.Queue()
        # Those with a body, refusals of them among these.
        self.xmpp.add_event_handler("message", self.messages.put)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(TimeoutError):
            self.loop.run(self.xmpp.disconnect, wait=0.2)
        self.loop.run(self.xmpp.cancel_connection_attempt)

    def happens(self, name, within=WITHIN):
        """What is told of the event once it happens."""
        return self.events[name].get(timeout=within)

    def message(self, within=WITHIN):
        return self.messages.get(timeout=within)

    def do(self, function, *arguments, **options):
        return self.loop.run(function, *arguments, **options)

    def send(self, to, text, **more):
        self.do(lambda: self.xmpp.send_message(mto=to, mbody=text, **more))

    def ping(self, address, **more):
        """The seconds until the answer."""
        return self.do(self.xmpp.plugin["xep_0199"].ping, address, timeout=5, **more)


class Phone(Peer):
    """A device with SASL, stream management and receipts."""

    MORE_EVENTS = ["session_resumed", "sm_enabled", "sm_failed", "failed_auth"]
    PLUGINS = ["xep_0030", "xep_0184", "xep_0198", "xep_0199", "xep_0203", "xep_0333"]

    def __init__(self, loop, user, port=None, resource="phone", is_direct=False, plugins=PLUGINS, **options):
        self.user = user
        self.port = port or user.app.port

        def make():
            address = f"{user.address}/{resource}" if resource else user.address
            client = ClientXMPP(address, user.password, **options)
            for plugin in plugins:
                client.register_plugin(plugin)
            client.enable_direct_tls, client.enable_starttls = is_direct, not is_direct
            # It trusts nobody but the server's own certificate, which must be for the server's name.
            client.ca_certs = user.app.certificate
            return client

        super().__init__(loop, make)

    @property
    def address(self):
        return str(self.xmpp.boundjid)

    def reach(self):
        self.do(lambda: self.xmpp.connect("127.0.0.1", self.port) and None)

    def connect(self, is_available=True):
        self.reach()
        self.happens("session_start")
        if is_available:
            self.become_available()
        return self

    def become_available(self):
        self.do(self.xmpp.send_presence)
        self.happens("presence_available")

    def resume(self):
        self.reach()
        self.happens("session_resumed")

    def mark(self, message, marker):
        self.do(self.xmpp.plugin["xep_0333"].send_marker, message["from"], message["id"], marker)


class Component(Peer):
    """An external component."""

    def __init__(self, loop, app, domain, secret):
        def make():
            component = ComponentXMPP(domain, secret, "127.0.0.1", app.component_port)
            for plugin in ["xep_0030", "xep_0199"]:
                component.register_plugin(plugin)
            return component

        super().__init__(loop, make)
        self.domain = domain

    def connect(self):
        self.do(lambda: self.xmpp.connect() and None)
        self.happens("session_start")
        return self


class Network:
    """What is between a client and the server: it can lose what it is given, and break."""

    def __init__(self, port, hides=None):
        """`hides` is an expression of what the client is not shown of what the server sends."""
        self._server = ("127.0.0.1", port)
        self._hides = re.compile(hides) if hides else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets = []
        self.loses = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        self.cut()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                for pair in [(client, server), (server, client)]:
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                if self._hides:
                    data = self._hides.sub(b"", data)
                if not self.loses:
                    target.sendall(data)
            if not self.loses:
                target.shutdown(socket.SHUT_WR)

    def cut(self):
        """Resets every connection. From then on nothing is lost."""
        sockets, self._sockets = self._sockets, []
        for connection in sockets:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RD)  # wakes whoever reads
            connection.close()
        self.loses = False
