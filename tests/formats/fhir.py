"""Validates FHIR R4 resources with the models of the PyPI package fhir.resources (R4B, which has the same
resources as R4 here), and looks whether references resolve.

    python fhir.py FILE...

Each line of a file is a resource. A reference resolves if a resource with that type and id is in one of
the files; one in a bundle, if it is in that bundle. Prints the number of valid resources, or the first
faults and exits with 1.
Needs: fhir.resources==8.3.0
"""

import json
import sys

# The directory of this script has a file of the package's name.
sys.path.pop(0)

from fhir.resources.R4B import get_fhir_model_class  # noqa: E402

MOST_FAULTS = 10


def references(value):
    """Every literal reference in a value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resources_of(resource):
    if resource["resourceType"] == "Bundle":
        return [entry["resource"] for entry in resource["entry"]]
    return [resource]


def main(paths):
    faults, valid = [], 0
    known, wanted = set(), {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                where = f"{path}: line {number}"
                resource = json.loads(line)
                try:
                    get_fhir_model_class(resource["resourceType"]).model_validate_json(line)
                    valid += 1
                except Exception as error:  # noqa: BLE001 - whatever the models say is a fault
                    faults.append(f"{where}: {error}")
                inside = {f"{r['resourceType']}/{r['id']}" for r in resources_of(resource)}
                if resource["resourceType"] == "Bundle":
                    unresolved = set(references(resource)) - inside
                    faults += [f"{where}: nothing is {target}" for target in sorted(unresolved)]
                else:
                    twice = inside & known
                    faults += [f"{where}: {target} twice" for target in twice]
                    known |= inside
                    for target in references(resource):
                        wanted.setdefault(target, where)
                if len(faults) >= MOST_FAULTS:
                    break
    faults += [f"{where}: nothing is {target}" for target, where in wanted.items() if target not in known]
    if faults or not valid:
        print("\n".join(faults[:MOST_FAULTS]) or "no resources", file=sys.stderr)
        return 1
    print(f"{valid} resources valid, {len(wanted)} references resolve")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
