//! The accounts, and the accounts file for them.

use std::net::SocketAddr;

/// The account of a simulator. Its strings need no escape in TOML.
pub(super) struct Account {
    pub(super) id: &'static str,
    pub(super) integration: &'static str,
    /// The path of the vendor's base URL.
    pub(super) base: &'static str,
    pub(super) settings: &'static [(&'static str, &'static str)],
    pub(super) credentials: &'static [(&'static str, &'static str)],
    /// Comments for the caller, written into the file.
    pub(super) notes: &'static [&'static str],
}

const HEADER: &str = "\
# Accounts of the provider sandbox: simulators; no real service is reached, and the users live as
# long as the sandbox does. Save this as FILE, then for instance
#
#     unified-ticketing --accounts FILE users create --account dixa \\
#         --name 'Ines Halvorsen' --email ines@kelpworks.example
#
# The requests that the simulators receive, for a look:
";

pub(super) fn file(
    address: SocketAddr,
    accounts: impl Iterator<Item = &'static Account>,
) -> String {
    let mut lines = vec![format!("{HEADER}# http://{address}/_sandbox/requests")];
    for account in accounts {
        let Account {
            id,
            integration,
            base,
            settings,
            credentials,
            notes,
        } = account;
        lines.push(String::new());
        lines.extend(notes.iter().map(|note| format!("# {note}")));
        lines.push("[[account]]".to_owned());
        lines.push(format!("id = \"{id}\""));
        lines.push(format!("name = \"{integration}\""));
        lines.push(format!("integration = \"{integration}\""));
        lines.push(format!(
            "base_url = \"http://{address}/{integration}{base}\""
        ));
        if !settings.is_empty() {
            lines.push(format!("settings = {}", table(settings)));
        }
        lines.push(format!("credentials = {}", table(credentials)));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn table(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(key, value)| format!("{key} = \"{value}\""))
        .collect::<Vec<_>>();
    format!("{{ {} }}", pairs.join(", "))
}
