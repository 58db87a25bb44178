"""Checks an OCI image layout by the schemas of ORAS, and that it has every blob that it names, and no other."""

import hashlib
import json
import sys
from pathlib import Path

import jsonschema
import oras.schemas
from oras.layout import Layout


def main():
    folder = Path(sys.argv[1])
    Layout(str(folder)).validate()
    index = json.loads((folder / "index.json").read_text())
    jsonschema.validate(index, oras.schemas.index)
    found = {f"sha256:{path.name}" for path in (folder / "blobs/sha256").iterdir()}
    named = set()

    def blob(descriptor):
        """The blob of a descriptor, whose digest and size it must have."""
        jsonschema.validate(descriptor, oras.schemas.layer)
        content = (folder / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
        assert len(content) == descriptor["size"], descriptor
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == descriptor["digest"], descriptor
        named.add(descriptor["digest"])
        return content

    for entry in index["manifests"]:
        manifest = json.loads(blob(entry))
        jsonschema.validate(manifest, oras.schemas.manifest)
        # The Wasm OCI artifact layout: a single layer, and the config says of it what a runtime must know.
        (layer,) = manifest["layers"]
        assert layer["mediaType"] == "application/wasm", layer
        assert blob(layer).startswith(b"\0asm"), layer
        assert manifest["config"]["mediaType"] == "application/vnd.wasm.config.v0+json", manifest
        config = json.loads(blob(manifest["config"]))
        assert config["layerDigests"] == [layer["digest"]], config
        assert (config["architecture"], config["os"]) == ("wasm", "wasip2"), config
        assert config["component"]["exports"] and isinstance(config["component"]["imports"], list), config
    assert found == named, found ^ named


main()
