"""Who listens to the events of a server, with a client that knows nothing of Apus."""

import contextlib
import json
import socket
import threading

import requests
import sseclient


class Listener:
    """Reads `GET /v1/events` on a thread of its own, until the answer ends."""

    def __init__(self, server, headers=None, after=None, **query):
        headers = headers or {"Authorization": f"Bearer {server.token}"}
        if after is not None:
            headers = headers | {"Last-Event-ID": str(after)}
        self.answer = requests.get(
            f"{server.url}/v1/events", headers=headers, params=query, stream=True, timeout=(10, 60))
        assert self.answer.status_code == 200, self.answer.text
        assert self.answer.headers["Content-Type"] == "text/event-stream"
        self.all = []
        self.problem = None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for event in sseclient.SSEClient(self.answer.iter_content(None)).events():
                self.all.append(event)
        except (requests.RequestException, AttributeError, ValueError) as error:
            self.problem = error

    @property
    def events(self):
        return [json.loads(event.data) for event in self.all if event.event == "message"]

    @property
    def gaps(self):
        return [json.loads(event.data) for event in self.all if event.event == "gap"]

    @property
    def last(self):
        """What to go on from."""
        return next((event.id for event in reversed(self.all) if event.id), None)

    def states(self, message):
        return [event["state"] for event in self.events if event["message"] == message]

    def leave(self):
        # Closing alone would wait for the thread to be told something.
        if connection := self.answer.raw.connection:
            with contextlib.suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        self.answer.close()
        self.thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()


def journal(server, headers=None, **query):
    """All events that there are."""
    with Listener(server, headers, **({"after": 0, "follow": "false"} | query)) as listener:
        listener.thread.join(60)
        assert not listener.thread.is_alive() and listener.problem is None, listener.problem
        return listener.events
