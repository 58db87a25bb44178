//! The program's connections.

use std::net::TcpListener;

use crate::cli::program;

#[test]
fn environment_proxy_is_ignored() {
    let proxy = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
    let address = proxy.local_addr().expect("its address");
    let arguments = ["--sandbox", "users", "create", "--account", "hive"];
    let user = ["--name", "Ines", "--email", "ines@kelpworks.example"];
    let mut command = program(arguments.into_iter().chain(user));
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        command.env(name, format!("http://{address}"));
    }
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    proxy.set_nonblocking(true).expect("a socket");
    assert!(proxy.accept().is_err(), "the proxy got a connection");
}
