"""Stand-ins of vendors, as `apus simulate` runs them, and apps that send through them."""

import itertools
import json
import re
import subprocess

import requests

from onepush import App
from server import BINARY, environment, run
from waiting import eventually

numbers = itertools.count(1)


class Simulator:
    """An `apus simulate` of some vendor on a free port."""

    def __init__(self, vendor, directory, *arguments):
        self.vendor = vendor
        self.directory = directory
        self.output = directory / f"{vendor}.txt"
        with open(self.output, "w") as output:
            self.process = subprocess.Popen(
                [BINARY, "simulate", vendor, *map(str, arguments)], cwd=directory, env=environment(),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        found = eventually(lambda: re.search(r"control on (http://127\.0\.0\.1:\d+)/control", self.output.read_text()))
        self.control = found.group(1)
        self.url = re.search(r"is simulated on (\S+?),", self.output.read_text()).group(1)

    def end(self):
        self.process.kill()
        self.process.wait(10)

    def behave(self, *rules, **members):
        answer = requests.put(f"{self.control}/control", json=members | {"rules": list(rules)})
        assert answer.status_code == 200, answer.text

    @property
    def counts(self):
        return requests.get(f"{self.control}/control/counts").json()

    @property
    def accepted(self):
        """What was accepted, as text."""
        return requests.get(f"{self.control}/control/accepted").text


class VendorApp(App):
    """An app whose devices have tokens of one vendor."""

    def __init__(self, server, simulator, directory):
        super().__init__(server)
        self.vendor = simulator.vendor
        endpoint = {"endpoint": simulator.url}
        match self.vendor:
            case "umeng":
                for platform in ("android", "ios"):
                    settings = endpoint | {"platform": platform, "appKey": f"{platform}-key"}
                    self.add(directory, settings, {"masterSecret": f"{platform}-secret"})
            case "jpush":
                reports = {"reportEndpoint": simulator.url}
                self.add(directory, endpoint | reports | {"appKey": "app-key"}, {"masterSecret": "master-secret"})
            case "getui":
                self.add(
                    directory, endpoint | {"appId": "app-id", "appKey": "app-key"}, {"masterSecret": "master-secret"})
            case "fcm":
                account = json.loads((simulator.directory / "service-account.json").read_text())
                self.add(directory, endpoint, account)

    def add(self, directory, settings, secret, provider=None, code=0):
        """Adds a credential. Answers what the command says."""
        file = directory / f"secret-{next(numbers)}.json"
        file.write_text(json.dumps(secret))
        ended = run(
            "credential", "add", provider or self.vendor, "--app", self.id, "--settings", json.dumps(settings),
            "--secret-file", file, APUS_SERVER=self.server.url, APUS_ADMIN_TOKEN=self.server.token)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def token(self, platform="ANDROID"):
        """A new token as the vendor has them."""
        number = next(numbers)
        if self.vendor == "umeng":
            return f"{number:064x}" if platform == "IOS" else f"A{number:043d}"
        return f"token-{number}"

    def registration(self, **members):
        platform = members.get("platform", "ANDROID")
        return super().registration(
            **{"platform": platform, "nativeToken": self.token(platform), "vendor": self.vendor} | members)

    def codes(self, message, device):
        return [step["code"] for step in self.explain(message, device)["steps"]]
