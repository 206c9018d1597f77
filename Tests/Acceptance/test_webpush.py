"""Messages to browsers: devices that registered with a Web Push subscription."""

import json
import subprocess

import pytest
from py_vapid import Vapid02

from onepush import App
from push_service import PushService
from server import Server, run
from unifiedpush import Subscription
from waiting import eventually

PAGE = """<script>
const url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=/g, "");
const say = (path, value) => fetch(path, {method: "POST", body: JSON.stringify(value)});
const join = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
const text = (value) => new TextEncoder().encode(value);
async function derive(secret, salt, info, length) {
    const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
    return new Uint8Array(await crypto.subtle.deriveBits({name: "HKDF", hash: "SHA-256", salt, info}, key, length * 8));
}
async function main() {
    const curve = {name: "ECDH", namedCurve: "P-256"};
    const pair = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
    const own = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const auth = crypto.getRandomValues(new Uint8Array(16));
    await say("/page/keys", {p256dh: url(own), auth: url(auth)});
    const body = new Uint8Array(await (await fetch("/page/body")).arrayBuffer());
    const salt = body.slice(0, 16), theirs = body.slice(21, 21 + body[20]), record = body.slice(21 + body[20]);
    const sender = await crypto.subtle.importKey("raw", theirs, curve, false, []);
    const shared = new Uint8Array(await crypto.subtle.deriveBits({name: "ECDH", public: sender}, pair.privateKey, 256));
    const secret = await derive(shared, auth, join(text("WebPush: info\\0"), own, theirs), 32);
    const key = await derive(secret, salt, text("Content-Encoding: aes128gcm\\0"), 16);
    const nonce = await derive(secret, salt, text("Content-Encoding: nonce\\0"), 12);
    const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    const padded = new Uint8Array(await crypto.subtle.decrypt({name: "AES-GCM", iv: nonce}, aes, record));
    await say("/page/plaintext", {text: new TextDecoder().decode(padded.slice(0, padded.lastIndexOf(2)))});
}
main().catch((error) => say("/page/error", {error: String(error)}));
</script>"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server")).start(webpush__plain_http="true", outgoing__allow="127.0.0.1")
    yield server
    server.end()


@pytest.fixture
def service():
    with PushService() as service:
        yield service


@pytest.fixture
def app(server):
    return add_key(App(server))


def command(server, *arguments):
    ended = run(*arguments, APUS_SERVER=server.url, APUS_ADMIN_TOKEN=server.token)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def add_key(app):
    answer = command(
        app.server, "credential", "add", "webpush", "--app", app.id, "--subject", "mailto:ops@example.org", "--json")
    app.public_key = json.loads(answer)["settings"]["publicKey"]
    return app


def subscribe(app, service, **keys):
    subscription = Subscription(f"{service.url}/push/1")
    info = subscription.info
    info["keys"] |= keys
    device = app.register(platform="WEB", nativeToken=None, subscription=info)
    device.subscription = subscription
    return device


def test_a_message_arrives_encrypted_and_signed(app, service):
    device = subscribe(app, service)
    message = app.send_to(device, alert="hällo", title="Apus", extra={"a": 1}, duration=600)
    path, headers, body = service.next()
    content = json.loads(device.subscription.decrypt(body))
    assert (content["id"], content["alert"], content["title"], content["extra"]) == (message, "hällo", "Apus", {"a": 1})
    headers = {name.lower(): value for name, value in headers.items()}
    assert (path, headers["content-encoding"], headers["urgency"]) == ("/push/1", "aes128gcm", "high")
    assert 590 <= int(headers["ttl"]) <= 600
    assert app.public_key in headers["authorization"] and Vapid02.verify(headers["authorization"])
    eventually(lambda: app.state(message, device) == "sent")
    assert "webpush.accepted" in [step["code"] for step in app.explain(message, device)["steps"]]


def test_who_has_a_connection_gets_it_there(app, service):
    device = subscribe(app, service)
    with device.connect() as connection:
        # The server answers the upgrade before it knows the device as connected.
        eventually(lambda: app.server.admin("GET", f"/v1/devices/{device.id}").json()["connected"])
        message = app.send_to(device)
        assert connection.message()["id"] == message
    assert service.requests.empty()


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_ended_is_not_used_again(app, service, status):
    device = subscribe(app, service)
    service.answers.put((status, {}))
    message = app.send_to(device)
    eventually(lambda: app.state(message, device) == "failed")
    assert app.delivery(message, device)["error"] == f"webpush.{status}"
    later = app.send_to(device)
    assert app.status(later)["counts"] == dict.fromkeys(app.status(later)["counts"], 0)


def test_it_is_tried_again_when_the_push_service_says(app, service):
    device = subscribe(app, service)
    service.answers.put((429, {"Retry-After": "1"}))
    message = app.send_to(device)
    assert service.next()[2] != service.next(within=40)[2]
    eventually(lambda: app.state(message, device) == "sent")


def test_what_is_too_large_fails_with_a_reason(app, service):
    device = subscribe(app, service)
    message = app.send_to(device, alert="x" * 4000)
    eventually(lambda: app.state(message, device) == "failed")
    assert app.delivery(message, device)["error"] == "webpush_too_large"


def test_redirects_are_not_followed(app, service):
    device = subscribe(app, service)
    with PushService() as elsewhere:
        service.answers.put((307, {"Location": f"{elsewhere.url}/push/2"}))
        message = app.send_to(device)
        eventually(lambda: app.state(message, device) == "failed")
        assert elsewhere.requests.empty()


@pytest.mark.parametrize(
    "change", [{"auth": "AAAA"}, {"p256dh": "AAAA"}, {"p256dh": "B" * 87}, {"auth": None}, {"p256dh": 5}])
def test_a_subscription_that_is_none_is_refused(app, service, change):
    info = Subscription(f"{service.url}/push/1").info
    info["keys"] |= change
    answer = app.server.post(
        "/msgpush/register", json={"appId": app.id, "alias": "ann", "platform": "WEB", "subscription": info})
    assert answer.status_code == 400
    assert answer.json()["error"] == "webpush_subscription_invalid"


def test_the_same_subscription_is_the_same_device(app, service):
    info = Subscription(f"{service.url}/push/1").info
    first = app.register(platform="WEB", nativeToken=None, subscription=info)
    again = app.register(platform="WEB", nativeToken=None, subscription={"more": 1} | info)
    assert first.id == again.id


def test_nobody_is_led_into_our_own_network(start_server, service):
    server = start_server(webpush__plain_http="true")
    app = add_key(App(server))
    device = subscribe(app, service)
    message = app.send_to(device)
    eventually(lambda: app.state(message, device) == "failed")
    assert app.delivery(message, device)["error"] == "webpush.address_refused"
    assert service.requests.empty()


def test_an_endpoint_of_ours_can_subscribe_to_us(app):
    """Apus sends through any push service: also through itself, to a device that uses it as its own."""
    device = app.register()
    with device.connect() as connection:
        connection.say("REG:self")
        url = json.loads(connection.text())["url"]
        subscription = Subscription(url)
        other = app.register(platform="WEB", nativeToken=None, subscription=subscription.info)
        message = app.send_to(other, alert="through myself")
        pushed = connection.message()
        assert pushed["endpoint"] == "self"
        eventually(lambda: app.state(message, other) == "sent")


def test_keys_are_made_by_a_command():
    keys = json.loads(run("vapid", "keys", "--json").stdout)
    assert (len(keys["publicKey"]), len(keys["privateKey"])) == (87, 43)


def test_what_is_encrypted_a_browser_decrypts(app, service, tmp_path):
    service.pages["/page/"] = PAGE
    browser = subprocess.Popen(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         f"--user-data-dir={tmp_path}", f"{service.url}/page/"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        keys = service.next_posted(within=60)
        assert set(keys) == {"p256dh", "auth"}, keys
        device = subscribe(app, service, **keys)
        message = app.send_to(device, alert="für den Browser")
        content = json.loads(service.next_posted(within=60)["text"])
        assert (content["id"], content["alert"]) == (message, "für den Browser")
    finally:
        browser.kill()
        browser.wait(10)
