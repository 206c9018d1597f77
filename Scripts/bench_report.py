#!/usr/bin/env python3
"""Prints what was measured beside what is wanted, as one table.

usage: bench_report.py RESULTS.jsonl DATABASE     (the database of the load generator's own runs)
"""

import json
import sqlite3
import sys

results = {}
with open(sys.argv[1]) as file:
    for result in map(json.loads, file):
        results[result["label"], result["mode"]] = result

rows = []


def row(what, measured, target, is_met):
    rows.append((what, measured, target, "" if is_met is None else "yes" if is_met else "NO"))


def at_most(what, value, limit, unit):
    row(what, f"{value:.1f} {unit}", f"≤ {limit} {unit}", value <= limit)


def at_least(what, value, limit):
    row(what, f"{value:,}/s", f"≥ {limit:,}/s", value >= limit)


def complete(what, value, wanted):
    row(what, f"{value:,} of {wanted:,}", "all", value == wanted)


idle = results["apus", "connect"]
at_most("idle WebSocket, 10,000 connected: memory each", idle["rss_kb_per_conn"], 4.5, "KB")
at_most("connecting a WebSocket: CPU each", idle["cpu_us_per_connect"], 110, "µs")

unicast = results["apus-unicast", "unicast"]
at_least("durable unicast with confirmation, 64 senders", unicast["rate"], 12_000)
at_most("… CPU each", unicast["cpu_us_per_msg"], 75, "µs")
paced = results["apus-unicast-5000", "unicast"]
row("… at 5,000/s: until the device has it, p50 / p99", f"{paced['p50_us']:,} / {paced['p99_us']:,} µs", "", None)

batch = results["apus-batch", "batch"]
at_most("batches of 1,000, with confirmation: CPU each", batch["cpu_us_per_msg"], 35, "µs")
complete("… confirmed", batch["received"], batch["accepted"])

broadcast = results["apus-broadcast", "broadcast"]
at_most("broadcast to 10,000: CPU per delivery", broadcast["cpu_us_per_delivery"], 14, "µs")
complete("… delivered", broadcast["deliveries"], broadcast["expected"])
confirmed = results["apus-broadcast-confirmed", "broadcast"]
at_most("… every device confirms: CPU per delivery", confirmed["cpu_us_per_delivery"], 35, "µs")

at_least("store for offline devices, 64 senders", results["apus-store", "store"]["rate"], 25_000)
at_least("drain: offline devices connect and take it", results["apus-drain", "drain"]["rate"], 40_000)
after_kill = results["apus-kill-drain", "drain"]
row(
    f"kill -9 between the two: lost of {after_kill['accepted']:,}", f"{after_kill['lost']:,}", "0",
    after_kill["lost"] == 0 and after_kill["accepted"] > 0)

# Every message of these runs that asked for confirmation was confirmed by its device: that must be on disk.
database = sqlite3.connect(f"file:{sys.argv[2]}?mode=ro", uri=True)
wanted, on_disk = database.execute(
    "SELECT count(*), total(state >= 2) FROM deliveries WHERE needs_confirmation = 1").fetchone()
complete("all of the above: confirmations on disk at the end", int(on_disk), wanted)

overload = results["apus-overload", "overload"]
row(
    f"overload, {overload['connections']} senders that never wait: memory at the end",
    f"{overload['rss_growth']:.2f} × first quarter", "≤ 1.3 ×", overload["rss_growth"] <= 1.3)
row(
    f"… {overload['rate']:,}/s accepted; refused, held back",
    f"{overload['refused']:,}, {overload['held_back']} senders", "some",
    overload["refused"] > 0 or overload["held_back"] > 0)

titles = ("what", "measured", "target", "met")
widths = [max(len(r[column]) for r in [titles, *rows]) for column in range(len(titles))]
for line in (titles, tuple("-" * width for width in widths), *rows):
    print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())

disturbed = max(result.get("other_cpu_pct", 0) for result in results.values())
if disturbed > 15:
    print(f"\nSomething else took up to {disturbed:.0f} % of a processor; run it again on an idle machine.")
