"""A Chromium whose pages are driven from outside (the Chrome DevTools Protocol)."""

import itertools
import json
import subprocess

from websockets.sync.client import connect

from waiting import eventually


class Browser:
    def __init__(self, directory, *arguments):
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--remote-debugging-port=0", f"--user-data-dir={directory}", *arguments, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = directory / "DevToolsActivePort"
        where = eventually(lambda: port.exists() and port.read_text().splitlines(), within=60)
        self.socket = connect(
            f"ws://127.0.0.1:{where[0]}{where[1]}", proxy=None, max_size=None, ping_interval=None,
            legacy=True)
        self.numbers = itertools.count(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    def command(self, method, session=None, within=30, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv(timeout=within))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, url):
        return Tab(self, url)


class Tab:
    def __init__(self, browser, url):
        self.browser = browser
        self.target = browser.command("Target.createTarget", url=url)["targetId"]
        self.session = browser.command("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        self.wait_for("document.readyState == 'complete' && location.href != 'about:blank'")

    def command(self, method, **parameters):
        return self.browser.command(method, self.session, **parameters)

    def run(self, script):
        """The value of a script's last expression; that of a promise once it has one."""
        answer = self.command("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, condition, within=30):
        return eventually(lambda: self.run(condition), within)

    def reload(self):
        self.run("window.isOld = true")
        self.command("Page.reload")
        self.wait_for("!window.isOld && document.readyState == 'complete'")

    def close(self):
        """As a user does: the page is told."""
        self.command("Page.close")
