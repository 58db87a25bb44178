"""Writes the OCI image layout of packaging/oci: `layout.py FILES FOLDER`.

The layout is that of the OCI image specification 1.1 (https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md); each
artifact in it has the form of the Wasm OCI artifact layout of the CNCF's TAG Runtime
(https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/), which `wkg`, wasmCloud and Spin pull.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WASM_TOOLS = Path(sys.executable).with_name("wasm-tools")
PACKAGE = "unified:ticketing@"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
METADATA = tomllib.loads((ROOT / "wkg.toml").read_text())["metadata"]
# The annotations that `wkg publish` makes of the metadata of a package.
ANNOTATIONS = {
    "org.opencontainers.image.licenses": METADATA["licenses"],
    "org.opencontainers.image.source": METADATA["source"],
    "org.opencontainers.image.url": METADATA["homepage"],
}


class Layout:
    """A layout that is being written."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.manifests = []
        (folder / "blobs/sha256").mkdir(parents=True, exist_ok=True)

    def blob(self, media_type: str, content: bytes) -> dict:
        """Writes a blob. Returns its descriptor."""
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs/sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def artifact(self, name: str, version: str, description: str, wasm: bytes, component: dict) -> None:
        """Adds an artifact. `component` is what its config says of the component."""
        layer = self.blob("application/wasm", wasm)
        config = {
            # `oci-wasm`, by which `wkg` and wasmCloud read it, does not do without a time.
            "created": created(),
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer["digest"]],
            "component": component,
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob("application/vnd.wasm.config.v0+json", encode(config)),
            "layers": [layer],
            "annotations": {
                **ANNOTATIONS,
                "org.opencontainers.image.description": description,
                "org.opencontainers.image.version": version,
            },
        }
        descriptor = self.blob(MANIFEST, encode(manifest))
        self.manifests.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": name}})

    def finish(self) -> None:
        """Writes the files that make the folder a layout."""
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": self.manifests}
        (self.folder / "index.json").write_bytes(encode(index))
        (self.folder / "oci-layout").write_bytes(encode({"imageLayoutVersion": "1.0.0"}))


def created() -> str:
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def resolve(wasm: Path) -> dict:
    """The WIT of a component or of a package, as `wit-parser` has it in JSON."""
    command = [WASM_TOOLS, "component", "wit", "--json", wasm]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def interface(wit: dict, number: int) -> str:
    """The full name of an interface, such as `wasi:http/types@0.2.12`."""
    it = wit["interfaces"][number]
    return qualified(wit["packages"][it["package"]]["name"], it["name"])


def qualified(package: str, name: str) -> str:
    package, version = package.split("@")
    return f"{package}/{name}@{version}"


def items(wit: dict, of: dict) -> list:
    """The names of what a world imports or exports."""
    return sorted(interface(wit, item["interface"]["id"]) if "interface" in item else name for name, item in of.items())


def component(wasm: Path, target: str | None, package: str) -> dict:
    wit = resolve(wasm)
    (world,) = wit["worlds"]
    result = {"exports": items(wit, world["exports"]), "imports": items(wit, world["imports"])}
    return {**result, "target": qualified(package, target)} if target else result


def wit_package(wasm: Path) -> tuple[str, dict]:
    """The full name of the WIT package, and its `component`: as `oci-wasm` has it, what a package defines is exported."""
    wit = resolve(wasm)
    (package,) = (it for it in wit["packages"] if it["name"].startswith(PACKAGE))
    exports = {interface(wit, number) for number in package["interfaces"].values()}
    for name, number in package["worlds"].items():
        exports |= {qualified(package["name"], name), *items(wit, wit["worlds"][number]["exports"])}
    return package["name"], {"exports": sorted(exports), "imports": []}


def with_metadata(wasm: Path, package: str) -> bytes:
    """The WIT package with the metadata that `wkg wit build` adds."""
    name, version = package.split("@")
    metadata = {"name": name, "version": version, **METADATA}
    options = [option for key, value in metadata.items() for option in (f"--{key}", value)]
    command = [WASM_TOOLS, "metadata", "add", *options, "--output", wasm, wasm]
    subprocess.run(command, check=True)
    return wasm.read_bytes()


def main() -> None:
    files, folder = map(Path, sys.argv[1:])
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    package, defined = wit_package(files / "wit.wasm")
    layout = Layout(folder)
    description = METADATA["description"]
    for name, tag, target, purpose in [
        ("ticketing", version, "ticketing", "over outbound HTTP, with the accounts of the host"),
        ("core", f"{version}-core", "core", "for hosts that bring their own HTTP client"),
        ("standalone", f"{version}-standalone", None, "over HTTP, with accounts from the environment"),
    ]:
        wasm = files / f"{name}.wasm"
        layout.artifact(tag, version, f"{description}, {purpose}", wasm.read_bytes(), component(wasm, target, package))
    contract = package.split("@")[1]
    wasm = with_metadata(files / "wit.wasm", package)
    layout.artifact(f"wit-{contract}", contract, f"{description}: the contract, in WIT", wasm, defined)
    layout.finish()
    for manifest in layout.manifests:
        print(manifest["annotations"]["org.opencontainers.image.ref.name"], manifest["digest"])


main()
