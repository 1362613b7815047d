"""Validates HL7 v2.5.1 messages with hl7apy in STRICT mode, and checks what it lets through.

    python hl7.py FILE...

A message ends with a line feed, its segments with a carriage return. hl7apy does not know which message
types we mean to write, and its table for ORM^O01 asks for all of OBR, RQD, RQ1, RXO, ODS and ODT where the
standard (chapter 4.4.1) has a choice of one; that one entry is put right here, and the choice is checked.
Prints the number of valid messages, or the first faults and exits with 1.
Needs: hl7apy==1.3.5
"""

import collections
import multiprocessing
import sys

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hl7apy.v2_5_1 import groups, messages

MOST_FAULTS = 10
STRUCTURES = {
    "ADT^A01": "ADT_A01",
    "ADT^A03": "ADT_A03",
    "ADT^A08": "ADT_A01",
    "ORM^O01": "ORM_O01",
    "ORU^R01": "ORU_R01",
}
SEGMENTS = {
    "ADT": {"MSH", "EVN", "PID", "PD1", "PV1", "AL1", "DG1"},
    "ORM": {"MSH", "PID", "PV1", "AL1", "ORC", "OBR", "RXO", "DG1"},
    "ORU": {"MSH", "PID", "PV1", "OBR", "OBX"},
}
CHOICE = "ORM_O01_OBRRQDRQ1RXOODSODT_SUPPGRP"


def optional(children):
    """The same children, none of which has to be there."""
    return tuple((name, reference, (0, most), kind) for name, reference, (_, most), kind in children)


def put_right(reference):
    """Wherever the choice stands in a structure, its parts are optional."""
    kind, children = reference[0], reference[1]
    fixed = []
    for name, inner, cardinality, what in children:
        if name == CHOICE:
            inner = (inner[0], optional(inner[1]), *inner[2:])
        elif what == "GRP":
            inner = put_right(inner)
        fixed.append((name, inner, cardinality, what))
    return (kind, tuple(fixed), *reference[2:])


def correct_tables():
    messages.MESSAGES["ORM_O01"] = put_right(messages.MESSAGES["ORM_O01"])
    for name in list(groups.GROUPS):
        if name == CHOICE:
            groups.GROUPS[name] = (groups.GROUPS[name][0], optional(groups.GROUPS[name][1]))
        elif name.startswith("ORM_O01"):
            groups.GROUPS[name] = put_right(groups.GROUPS[name])


def problem(text):
    """What is wrong with a message by itself; nothing if all is right."""
    if not text.endswith("\r"):
        return "its last segment has no end"
    segments = [segment.split("|") for segment in text[:-1].split("\r")]
    names = [segment[0] for segment in segments]
    head = segments[0]
    if names[0] != "MSH" or len(head) < 12:
        return f"begins with {head}"
    kind, _, structure = head[8].rpartition("^")
    if STRUCTURES.get(kind) != structure:
        return f"MSH-9 is {head[8]}"
    if not 0 < len(head[9]) <= 20:
        return f"MSH-10 {head[9]}"
    if head[10] != "T" or head[11] != "2.5.1":
        return f"MSH-11 {head[10]}, MSH-12 {head[11]}"
    strange = set(names) - SEGMENTS[kind[:3]]
    if strange:
        return f"segments {strange} in {kind}"
    if kind.startswith("ORM"):
        orders = names.count("ORC")
        if orders == 0 or names.count("OBR") + names.count("RXO") != orders:
            return f"not one OBR or RXO an ORC: {names}"
    message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT)
    message.validate()
    if message.to_er7().rstrip("\r") != text.rstrip("\r"):
        return "the parser reads something else than was written"
    return None


def check(text):
    """The same, as words for whatever the parser throws."""
    try:
        return problem(text)
    except Exception as error:  # noqa: BLE001 - whatever the parser says is a fault
        return f"{type(error).__name__}: {error}"


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read().removesuffix("\n").split("\n")


def main(paths):
    faults, controls, kinds = [], set(), collections.Counter()
    # The parser takes a twentieth of a second a message: every core takes part.
    with multiprocessing.Pool(initializer=correct_tables) as pool:
        for path in paths:
            texts = read(path)
            for text, fault in zip(texts, pool.imap(check, texts, chunksize=50)):
                control = text.split("|")[9:10]
                if not fault and control[0] in controls:
                    fault = f"MSH-10 {control[0]} twice"
                if fault:
                    faults.append(f"{path}: {fault}\n{text}".replace("\r", "\n  "))
                    if len(faults) >= MOST_FAULTS:
                        break
                else:
                    controls.add(control[0])
                    kinds[text.split("|")[8]] += 1
    if faults or not kinds:
        print("\n".join(faults) or "no messages", file=sys.stderr)
        return 1
    print(f"{sum(kinds.values())} messages valid: {', '.join(sorted(kinds))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
