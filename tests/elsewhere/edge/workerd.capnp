# Serves the driver in workerd.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    # The providers of this test are on loopback.
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "ticketing.core.wasm", wasm = embed "ticketing.core.wasm"),
    (name = "ticketing.core2.wasm", wasm = embed "ticketing.core2.wasm"),
    (name = "ticketing.core3.wasm", wasm = embed "ticketing.core3.wasm"),
  ],
  bindings = [
    (name = "UNIFIED_TICKETING_ACCOUNTS_JSON", fromEnvironment = "UNIFIED_TICKETING_ACCOUNTS_JSON"),
    (name = "UNIFIED_TICKETING_TOKENS_JSON", fromEnvironment = "UNIFIED_TICKETING_TOKENS_JSON"),
  ],
  compatibilityDate = "2026-11-01",
);
