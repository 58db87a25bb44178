"""Checks the manifest for wasmCloud by the schema beside this, and that an unknown field is an error anywhere in it."""

import copy
import json
import sys
import tomllib
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

HERE = Path(__file__).resolve().parent
MANIFEST = HERE.parent / "wasmcloud.yaml"


def objects(value, path=()):
    """The paths of the objects in a value, itself included."""
    if isinstance(value, dict):
        yield path
    if isinstance(value, (dict, list)):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from objects(member, (*path, key))


def main():
    schema = json.loads((HERE / "workloaddeployment.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    manifest = yaml.safe_load(MANIFEST.read_text())
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]

    # A schema that lets an unknown field through would find no mistake in a name.
    for path in objects(manifest):
        changed = target = copy.deepcopy(manifest)
        for key in path:
            target = target[key]
        target["unknown"] = None
        if validator.is_valid(changed):
            errors.append(f"{'.'.join(map(str, path))}: the schema takes an unknown field")

    version = tomllib.loads((HERE.parents[1] / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    (component,) = manifest["spec"]["template"]["spec"]["components"]
    tag = component["image"].rpartition(":")[2]
    if tag != f"{version}-standalone":
        errors.append(f"image: expected the tag `{version}-standalone`, but found `{tag}`")

    for error in errors:
        print(f"{MANIFEST.name}: {error}", file=sys.stderr)
    sys.exit(bool(errors))


main()
