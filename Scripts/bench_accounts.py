#!/usr/bin/env python3
"""Makes the XMPP accounts that the load generator logs in with: d000000… for devices, p00000… for senders.

usage: bench_accounts.py URL ADMIN_TOKEN APP_ID DEVICES SENDERS PASSWORD
"""

import http.client
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

url, token, app, devices, senders, password = sys.argv[1:]
names = [f"d{i:06}" for i in range(int(devices))] + [f"p{i:05}" for i in range(int(senders))]


def make(names):
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    for name in names:
        body = json.dumps({"name": name, "appId": app, "password": password})
        connection.request("POST", "/v1/accounts", body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f"{name} was not made: {answer.status} {text.decode()}")


with ThreadPoolExecutor(8) as pool:
    list(pool.map(make, (names[i::8] for i in range(8))))
