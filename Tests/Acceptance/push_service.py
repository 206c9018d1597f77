"""A push service that keeps what it is sent, for devices that subscribe with it."""

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class PushService:
    """`answers` are the status and the headers of the next answers; without any it is 201."""

    def __init__(self):
        self.requests = queue.Queue()
        self.answers = queue.Queue()
        self.posted = queue.Queue()
        self.pages = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/page/"):
                    service.posted.put((self.path, body))
                    return self.answer(204, {})
                service.requests.put((self.path, dict(self.headers), body))
                status, headers = (201, {"Location": "/m/1"}) if service.answers.empty() else service.answers.get()
                self.answer(status, headers)

            def do_GET(self):
                """A page, or the next body as soon as there is one."""
                if self.path == "/page/body":
                    _, _, body = service.requests.get(timeout=30)
                    return self.answer(200, {"Content-Type": "application/octet-stream"}, body)
                self.answer(200, {"Content-Type": "text/html"}, service.pages[self.path].encode())

            def answer(self, status, headers, body=b""):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def next(self, within=10):
        """The path, the headers and the body of the next request."""
        return self.requests.get(timeout=within)

    def next_posted(self, within=30):
        """What a page says next."""
        _, body = self.posted.get(timeout=within)
        return json.loads(body)
