"""The server is killed at random moments under load, again and again, and must keep every promise."""

import asyncio
import os
import random
import time

import pytest

from load import HTTP, Load
from onepush import App

ROUNDS = int(os.environ.get("APUS_CRASH_ROUNDS") or 50)
SEED = int(os.environ.get("APUS_CRASH_SEED") or random.randrange(1 << 32))
SENDERS = 16


@pytest.fixture
def load(start_server, capsys):
    with capsys.disabled():
        print(f"\n{ROUNDS} crashes with APUS_CRASH_SEED={SEED}")
    # No resends, so that whatever comes twice on one connection is a mistake.
    return Load(App(start_server(sessions__resend_after="1h", sessions__longest_resend="1h")), random.Random(SEED))


def test_no_crash_breaks_a_promise(load, capsys):
    start = time.monotonic()
    for _ in range(ROUNDS):
        asyncio.run(crash(load))
        load.server.start()
    asyncio.run(drain(load))
    ledger = load.ledger

    assert ledger.broken == []
    assert ledger.undelivered() == []
    delivered = set().union(*ledger.delivered.values())
    assert delivered == set(ledger.accepted), "something was delivered that nobody had sent"

    asyncio.run(check_status(load))
    for device in load.devices:
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []
    settled = sum(map(len, ledger.settled.values()))
    assert len(ledger.accepted) > ROUNDS * SENDERS and settled > ROUNDS, "there was hardly any load"
    with capsys.disabled():
        print(
            f"{len(ledger.accepted)} messages, {sum(map(len, ledger.delivered.values()))} deliveries, {settled} of "
            f"them settled before a crash, in {time.monotonic() - start:.0f} s")


async def crash(load):
    """Lets everybody talk to the server for a moment, and kills it."""
    tasks = [asyncio.create_task(load.be(device)) for device in load.awake]
    tasks += [asyncio.create_task(load.send_on(sender)) for sender in range(SENDERS)]
    tasks += [asyncio.create_task(load.audit()) for _ in range(2)]
    await asyncio.sleep(load.random.uniform(0.02, 0.9))
    load.server.kill()
    await asyncio.wait_for(asyncio.gather(*tasks), 20)


async def drain(load):
    """Has every request answered and every message delivered and confirmed."""
    await asyncio.gather(*[load.send_on(sender, once=True) for sender in range(SENDERS)])
    tasks = [asyncio.create_task(load.be(device, confirming=1, reconnecting=0)) for device in load.devices]
    deadline = time.monotonic() + 60
    while load.ledger.undelivered() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    for device in load.devices:
        await confirmations_are_known(load, device, deadline)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def confirmations_are_known(load, device, deadline):
    """Waits until the last messages of the device, which are confirmed in order, are so for the server, too."""
    needing = [id for id in load.ledger.delivered[device.id] if load.ledger.accepted.get(id, (0, 0))[1]]
    async with await HTTP.open(load.server) as http:
        for message in sorted(needing, key=int)[-128:]:
            while time.monotonic() < deadline:
                _, answer = await load.status(http, message)
                states = {entry["deviceId"]: entry["state"] for entry in answer["deliveries"]}
                if states[device.id] == "received":
                    break
                await asyncio.sleep(0.02)


async def check_status(load):
    """Every message's counts must add up to its devices, all of which have it."""
    messages = list(load.ledger.accepted.items())

    async def check(part):
        async with await HTTP.open(load.server) as http:
            for message, (devices, needs_confirmation) in part:
                status, answer = await load.status(http, message)
                assert status == 200, answer
                counts = {state: count for state, count in answer["counts"].items() if count}
                assert counts == {"received" if needs_confirmation else "sent": len(devices)}, message

    await asyncio.gather(*[check(messages[start::8]) for start in range(8)])
