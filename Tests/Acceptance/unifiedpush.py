"""Distributors of both UnifiedPush protocols, and application servers."""

import base64
import hashlib
from datetime import datetime

from xmpp import DOMAIN, show

GATEWAY = f"up.{DOMAIN}"
SEED = "{unifiedpush.org}"
PROVIDER = "http://gultsch.de/xmpp/drafts/unified-push"


def instance_hash(text):
    """What distributors say instead of names: standard base 64 of 32 bytes."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Distributor:
    """A distributor that speaks Conversations' protocol over a stream of a user."""

    def __init__(self, user, stream=None):
        self.user = user
        self.stream = stream or user.connect()
        self.count = 0

    def ask(self, payload, type="set", to=GATEWAY):
        self.count += 1
        return self.stream.ask(f'<iq type="{type}" to="{to}" id="up-{self.count}">{payload}</iq>')

    def register(self, name, key=None):
        """The endpoint's URL, and until when it holds."""
        vapid = f' vapid="{key}"' if key else ""
        answer = self.ask(
            f'<register xmlns="{PROVIDER}" application="{instance_hash(name)}" '
            f'instance="{instance_hash(name + " instance")}"{vapid}/>')
        assert (answer.get("type"), answer.get("from")) == ("result", GATEWAY), show(answer)
        registered = answer.find(f"{{{PROVIDER}}}registered")
        return registered.get("endpoint"), datetime.fromisoformat(registered.get("expiration"))

    def unregister(self, name):
        answer = self.ask(
            f'<unregister xmlns="{PROVIDER}" application="{instance_hash(name)}" '
            f'instance="{instance_hash(name + " instance")}"/>')
        assert answer.get("type") == "result", show(answer)

    def push(self):
        """The next push, which is not answered yet: its id, its application and its bytes."""
        iq = self.stream.element()
        assert (iq.get("type"), iq.get("from"), len(iq)) == ("set", GATEWAY, 1), show(iq)
        push = iq.find(f"{{{PROVIDER}}}push")
        return iq.get("id"), push.get("application"), base64.b64decode(push.text or "", validate=True)

    def accept(self, id):
        self.stream.say(f'<iq type="result" to="{GATEWAY}" id="{id}"/>')

    def refuse(self, id, condition):
        self.stream.say(
            f'<iq type="error" to="{GATEWAY}" id="{id}"><error type="cancel">'
            f'<{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>')

    def take(self):
        """The bytes of the next push, which is answered."""
        id, _, data = self.push()
        self.accept(id)
        return data
