"""Checks FIX 4.4 execution reports with an outside parser.

Usage: python fix.py FILE...
Needs: pip install simplefix==1.0.17

Each file holds messages one after another, with or without a line end between them. The parser takes
them apart; this program recomputes BodyLength (9) and CheckSum (10) over the bytes, looks for the tags
that the specification requires of MsgType 8, and follows the quantities of each order from report to
report. It prints the number of messages and ends with status 0, or names the first fault and ends with 1.
"""

import sys
from decimal import Decimal

import simplefix

REQUIRED = (8, 9, 35, 49, 56, 34, 52, 37, 17, 150, 39, 55, 54, 38, 40, 151, 14, 6, 60, 10)
FINAL = {"2", "4", "8", "C"}


class Fault(Exception):
    """What is wrong with a message."""


def check(condition, fault):
    if not condition:
        raise Fault(fault)


def raw_messages(data):
    """The bytes of each message: from BeginString to the separator after CheckSum."""
    position = 0
    while position < len(data):
        if data[position:position + 1] in (b"\n", b"\r"):
            position += 1
            continue
        check(data.startswith(b"8=FIX.4.4\x01", position), f"no BeginString at byte {position}")
        trailer = data.find(b"\x0110=", position)
        end = data.find(b"\x01", trailer + 1) + 1
        check(trailer > 0 and end > 0, f"no CheckSum after byte {position}")
        yield data[position:end]
        position = end


def check_frame(raw):
    """BodyLength and CheckSum over the bytes."""
    body = raw.index(b"\x01", raw.index(b"\x019=") + 1) + 1
    trailer = raw.rindex(b"\x0110=") + 1
    length = int(raw[raw.index(b"\x019=") + 3:body - 1])
    check(length == trailer - body, f"BodyLength {length}, counted {trailer - body}")
    stated = raw[trailer + 3:-1]
    check(stated == b"%03d" % (sum(raw[:trailer]) % 256), f"CheckSum {stated!r}")


def check_report(message, raw, sequences, orders):
    tags = [int(tag) for tag, _ in message.pairs]
    check(len(tags) == len(set(tags)), "a tag twice")
    check(message.encode(raw=True) == raw, "the parser reads other bytes than were written")
    for tag in REQUIRED:
        check(tag in tags, f"tag {tag} is missing")
    value = {int(tag): text.decode() for tag, text in message.pairs}
    check(value[35] == "8", "MsgType is not 8")
    target = value[56]
    check(int(value[34]) == sequences.get(target, 0) + 1, f"MsgSeqNum {value[34]}")
    sequences[target] = int(value[34])

    ordered, leaves, executed = (Decimal(value[tag]) for tag in (38, 151, 14))
    done, gross, status = orders.get(value[37], (Decimal(0), Decimal(0), None))
    check(status not in FINAL, "a report after the order's end")
    check((status is None) == (value[150] in ("0", "8")), f"ExecType {value[150]} after {status}")
    if value[150] == "F":
        done += Decimal(value[32])
        gross += Decimal(value[32]) * Decimal(value[31])
    check(done == executed, f"CumQty {executed}, summed {done}")
    average = gross / done if done else Decimal(0)
    check(abs(Decimal(value[6]) - average) <= Decimal("0.00005"), f"AvgPx {value[6]}")
    expected = {
        "0": executed == 0 and leaves == ordered,
        "1": 0 < executed < ordered and leaves == ordered - executed,
        "2": executed == ordered and leaves == 0,
        "4": executed < ordered and leaves == 0,
        "8": executed == 0 and leaves == 0 and 103 in value,
        "C": executed < ordered and leaves == 0,
    }
    check(expected.get(value[39], False), f"OrdStatus {value[39]}: {executed} of {ordered}, {leaves} left")
    orders[value[37]] = (done, gross, value[39])


def main(paths):
    count = 0
    sequences, orders = {}, {}
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        for raw in raw_messages(data):
            parser = simplefix.FixParser()
            parser.append_buffer(raw)
            message = parser.get_message()
            try:
                check(message is not None, "the parser finds no message")
                check_frame(raw)
                check_report(message, raw, sequences, orders)
            except Fault as fault:
                sys.exit(f"{path}: message {count + 1}: {fault}: {raw.decode().replace(chr(1), '|')}")
            count += 1
    open_orders = [order for order, state in orders.items() if state[2] not in FINAL]
    if open_orders:
        sys.exit(f"order {open_orders[0]} has no end")
    if count == 0:
        sys.exit("no messages")
    print(f"{count} messages valid, {len(orders)} orders, {len(sequences)} sessions")


if __name__ == "__main__":
    main(sys.argv[1:])
