"""A receiver of webhooks, which checks signatures with a library that knows nothing of Apus."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import standardwebhooks


class Receiver:
    def __init__(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.posts.append((dict(self.headers), body))
                    status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                if status is None:
                    receiver.released.wait(60)
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.lock = threading.Lock()
        self.posts = []
        self.answers = []
        """What the next posts are answered, each a status and headers; None for nothing at all."""
        self.released = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/hook"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def end(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def bodies(self):
        return [json.loads(body) for _, body in list(self.posts)]

    @property
    def events(self):
        return [event for body in self.bodies for event in body.get("events", [])]

    def check(self, secret):
        """Every post is from whoever has the secret."""
        for headers, body in list(self.posts):
            standardwebhooks.Webhook(secret).verify(body, headers)
