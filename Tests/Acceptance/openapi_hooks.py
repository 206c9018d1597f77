"""What schemathesis cannot make up: names of things that exist, and bodies of lines."""

import os

import schemathesis

NAMES = {"appId": os.environ["APP_ID"], "appKey": os.environ["APP_KEY"], "deviceId": os.environ["DEVICE_ID"]}
THINGS = {"/v1/messages/": os.environ["MESSAGE_ID"], "/v1/devices/": os.environ["DEVICE_ID"]}


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return value.encode() if isinstance(value, str) else b""


@schemathesis.hook
def before_call(context, case, kwargs):
    """Half of the calls are about what is there; what is made wrong on purpose stays wrong."""
    for part in [case.body, case.query]:
        if isinstance(part, dict):
            part.update({name: value for name, value in NAMES.items() if isinstance(part.get(name), str)})
    if case.operation.path == "/v1/events" and case.query is not None:
        # Nobody waits for an answer without an end.
        if case.query.get("follow", "true") == "true":
            case.query["follow"] = "false"
        things = {"app": NAMES["appId"], "device": NAMES["deviceId"]}
        case.query.update({name: value for name, value in things.items() if isinstance(case.query.get(name), str)})
    if case.operation.path.startswith("/notification") and case.query is not None:
        case.query.setdefault("appId", NAMES["appId"])
    if case.operation.path == "/v1/messages" and case.query and "state" in case.query:
        case.query.setdefault("appId", NAMES["appId"])
    if case.operation.path in ["/msgpush/send", "/v1/messages"] and case.meta.generation.mode.value == "positive":
        # No schema says that steps come before the message expires, and it within a year.
        for name in ["escalate", "sendAt"]:
            if isinstance(case.body, dict):
                case.body.pop(name, None)
    if (case.operation.path, case.method) == ("/v1/webhooks", "POST") and isinstance(case.body, dict):
        # Nor what a receiver's address is.
        if case.meta.generation.mode.value == "positive":
            case.body["url"] = "http://localhost:9/"
    for path, id in THINGS.items():
        if case.operation.path.startswith(path) and len(str(case.path_parameters.get("id"))) % 2:
            case.path_parameters["id"] = id
    if case.operation.path.endswith("/explain") and case.query is not None:
        # Without a device it explains escalations, and the message has none.
        case.query.setdefault("device", NAMES["deviceId"])
