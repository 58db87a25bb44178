"""Serves the standalone component with `wash dev`, and makes every call over HTTP.

Its `workload` has the shape of a WorkloadDeployment's `localResources`, so that what packaging/wasmcloud.yaml says is what runs; only the
providers are the sandbox, and the Secret is the environment.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import yaml

sys.path.append(str(Path(__file__).resolve().parents[1]))
import http_api  # noqa: E402

MANIFEST = Path(__file__).resolve().parents[3] / "packaging/wasmcloud.yaml"
SPEC = yaml.safe_load(MANIFEST.read_text())["spec"]["template"]["spec"]
VARIABLE = "UNIFIED_TICKETING_ACCOUNTS_JSON"


def is_allowed(url, allowed):
    """Whether an entry, such as `https://*.gorgias.com`, allows requests to this URL."""
    origin = "://".join(urlsplit(url)[:2])
    patterns = (re.escape(entry).replace(r"\*", "[^/]+") for entry in allowed)
    return any(re.fullmatch(pattern, origin) for pattern in patterns)


def check_allowed(allowed):
    """Ends this run if the manifest does not allow an integration's own base URL."""
    for integration in json.loads(subprocess.check_output([os.environ["PROGRAM"], "integrations", "--json"])):
        url = integration["base_url"]
        for setting in integration["settings"]:
            url = url.replace(f"{{{setting['name']}}}", setting.get("default", "acme"))
        if not is_allowed(url, allowed):
            raise SystemExit(f"{MANIFEST.name}: `allowedHosts` has nothing for {url}")


def config(accounts):
    resources = SPEC["components"][0]["localResources"]
    secrets = [it["name"] for it in resources["environment"]["secretFrom"]]
    check_allowed(resources["allowedHosts"])
    origins = {urlsplit(account["base_url"])[:2] for account in accounts}
    return {
        # It builds before it serves.
        "build": {"command": "true", "component_path": "standalone.wasm"},
        "dev": {"address": "127.0.0.1:0"},
        "secrets": {name: {"fromEnv": [VARIABLE]} for name in secrets},
        "workload": {
            "environment": {"secretFrom": secrets},
            "allowedHosts": resources["allowedHosts"] + [f"{scheme}://{host}" for scheme, host in origins],
        },
    }


def serve(wash, folder, accounts):
    """Starts the host. Returns it and its port, once the component is there."""
    environment = {**os.environ, "HOME": folder, VARIABLE: json.dumps({"account": accounts})}
    command = [wash, "--non-interactive", "-C", folder, "dev"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log, port = [], None
    for line in server.stdout:
        log.append(line)
        if found := re.search(r"HTTP server listening.*127\.0\.0\.1:(\d+)", line):
            port = int(found[1])
        if "listening for HTTP requests" in line:
            return server, port
    raise SystemExit(f"wash did not start: {''.join(log)}")


def main():
    wash, component = sys.argv[1:]
    inputs = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(component, f"{folder}/standalone.wasm")
        os.mkdir(f"{folder}/.wash")
        Path(f"{folder}/.wash/config.json").write_text(json.dumps(config(inputs["accounts"])))
        server, port = serve(os.path.abspath(wash), folder, inputs["accounts"])
        try:
            json.dump(http_api.make(port, inputs["calls"], inputs["accounts"]), sys.stdout)
        finally:
            server.terminate()
            server.communicate()


main()
