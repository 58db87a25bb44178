//! Which addresses belong to the public network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;

/// Whether the addresses of a prefix are globally reachable.
#[derive(Clone, Copy, Debug)]
enum Reach {
    /// Unicast, and globally reachable.
    Global,
    /// Not globally reachable, not unicast, or not assigned.
    Other,
    /// The IPv4 addresses inside decide.
    Embedded(fn(Ipv6Addr) -> [Ipv4Addr; 2]),
}

/// The prefixes of the IANA registries. The longest prefix with the address decides. Where a registry says that reach is "not
/// applicable", the address is not reachable, or the address embedded in it decides.
///
/// IPv4: <https://www.iana.org/assignments/iana-ipv4-special-registry>, and multicast. IPv6:
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, and of the address space only global unicast.
const PREFIXES: &[(&str, Reach, &str)] = &[
    ("0.0.0.0/0", Reach::Global, "everything else"),
    ("0.0.0.0/8", Reach::Other, "this network (RFC 791)"),
    ("10.0.0.0/8", Reach::Other, "private use (RFC 1918)"),
    ("100.64.0.0/10", Reach::Other, "shared space (RFC 6598)"),
    ("127.0.0.0/8", Reach::Other, "loopback (RFC 1122)"),
    ("169.254.0.0/16", Reach::Other, "link local (RFC 3927)"),
    ("172.16.0.0/12", Reach::Other, "private use (RFC 1918)"),
    ("192.0.0.0/24", Reach::Other, "IETF protocols (RFC 6890)"),
    ("192.0.0.9/32", Reach::Global, "PCP anycast (RFC 7723)"),
    ("192.0.0.10/32", Reach::Global, "TURN anycast (RFC 8155)"),
    ("192.0.2.0/24", Reach::Other, "TEST-NET-1 (RFC 5737)"),
    ("192.31.196.0/24", Reach::Global, "AS112-v4 (RFC 7535)"),
    ("192.52.193.0/24", Reach::Global, "AMT (RFC 7450)"),
    ("192.88.99.0/24", Reach::Other, "6to4 relays (RFC 7526)"),
    ("192.168.0.0/16", Reach::Other, "private use (RFC 1918)"),
    ("192.175.48.0/24", Reach::Global, "AS112 (RFC 7534)"),
    ("198.18.0.0/15", Reach::Other, "benchmarking (RFC 2544)"),
    ("198.51.100.0/24", Reach::Other, "TEST-NET-2 (RFC 5737)"),
    ("203.0.113.0/24", Reach::Other, "TEST-NET-3 (RFC 5737)"),
    ("224.0.0.0/4", Reach::Other, "multicast (RFC 5771)"),
    ("240.0.0.0/4", Reach::Other, "reserved (RFC 1112)"),
    ("::/0", Reach::Other, "not global unicast (RFC 4291)"),
    ("::ffff:0:0/96", Reach::Embedded(last), "IPv4 (RFC 4291)"),
    ("64:ff9b::/96", Reach::Embedded(last), "NAT64 (RFC 6052)"),
    ("64:ff9b:1::/48", Reach::Other, "local NAT64 (RFC 8215)"),
    ("100::/64", Reach::Other, "discard only (RFC 6666)"),
    ("100:0:0:1::/64", Reach::Other, "dummy (RFC 9780)"),
    ("2000::/3", Reach::Global, "global unicast (RFC 4291)"),
    ("2001::/23", Reach::Other, "IETF protocols (RFC 2928)"),
    ("2001::/32", Reach::Embedded(teredo), "Teredo (RFC 4380)"),
    ("2001:1::1/128", Reach::Global, "PCP anycast (RFC 7723)"),
    ("2001:1::2/128", Reach::Global, "TURN anycast (RFC 8155)"),
    ("2001:1::3/128", Reach::Global, "DNS-SD anycast (RFC 9665)"),
    ("2001:2::/48", Reach::Other, "benchmarking (RFC 5180)"),
    ("2001:3::/32", Reach::Global, "AMT (RFC 7450)"),
    ("2001:4:112::/48", Reach::Global, "AS112-v6 (RFC 7535)"),
    ("2001:10::/28", Reach::Other, "ORCHID, gone (RFC 4843)"),
    ("2001:20::/28", Reach::Global, "ORCHIDv2 (RFC 7343)"),
    ("2001:30::/28", Reach::Global, "drones (RFC 9374)"),
    ("2001:db8::/32", Reach::Other, "documentation (RFC 3849)"),
    ("2002::/16", Reach::Embedded(six_to_four), "6to4 (RFC 3056)"),
    ("2620:4f:8000::/48", Reach::Global, "AS112 (RFC 7534)"),
    ("3fff::/20", Reach::Other, "documentation (RFC 9637)"),
    ("5f00::/16", Reach::Other, "segment routing (RFC 9602)"),
    ("fc00::/7", Reach::Other, "unique local (RFC 4193)"),
    ("fe80::/10", Reach::Other, "link local (RFC 4291)"),
    ("fec0::/10", Reach::Other, "site local, gone (RFC 3879)"),
    ("ff00::/8", Reach::Other, "multicast (RFC 4291)"),
];

/// [`PREFIXES`], the longest first.
static TABLE: LazyLock<Vec<(IpNet, Reach)>> = LazyLock::new(|| {
    let mut table: Vec<(IpNet, Reach)> = PREFIXES
        .iter()
        .filter_map(|(prefix, reach, _)| Some((prefix.parse().ok()?, *reach)))
        .collect();
    table.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.prefix_len()));
    table
});

/// Whether an address is globally reachable unicast.
pub(crate) fn is_public(address: IpAddr) -> bool {
    let found = TABLE.iter().find(|(prefix, _)| prefix.contains(&address));
    match (found, address) {
        (Some((_, Reach::Global)), _) => true,
        (Some((_, Reach::Embedded(addresses))), IpAddr::V6(address)) => addresses(address)
            .into_iter()
            .all(|one| is_public(one.into())),
        _ => false,
    }
}

/// The IPv4 address in the 32 bits at this distance from the end.
fn at(address: Ipv6Addr, from_end: u32) -> Ipv4Addr {
    let [.., a, b, c, d] = (address.to_bits() >> from_end).to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

fn last(address: Ipv6Addr) -> [Ipv4Addr; 2] {
    [at(address, 0); 2]
}

fn six_to_four(address: Ipv6Addr) -> [Ipv4Addr; 2] {
    [at(address, 80); 2]
}

/// The server, and the client behind it, whose bits are all inverted (RFC 4380, 4).
fn teredo(address: Ipv6Addr) -> [Ipv4Addr; 2] {
    [
        at(address, 64),
        Ipv4Addr::from_bits(!at(address, 0).to_bits()),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed() -> impl Iterator<Item = (IpNet, Reach)> {
        PREFIXES.iter().map(|(prefix, reach, name)| {
            (prefix.parse().unwrap_or_else(|_| panic!("{name}")), *reach)
        })
    }

    /// The registries' word on an address, computed in another way than the code does: by the narrowest of the prefixes whose first and last
    /// address enclose the address.
    fn expected(address: IpAddr) -> bool {
        let narrowest = parsed()
            .filter(|(prefix, _)| (prefix.network()..=prefix.broadcast()).contains(&address))
            .max_by_key(|(prefix, _)| prefix.prefix_len());
        let IpAddr::V6(v6) = address else {
            return matches!(narrowest.unwrap().1, Reach::Global);
        };
        let part = |first: usize| {
            let bytes: [u8; 4] = v6.octets()[first..first + 4].try_into().unwrap();
            expected(IpAddr::from(bytes))
        };
        let (prefix, reach) = narrowest.unwrap();
        let is = |text: &str| prefix == text.parse().unwrap();
        if is("::ffff:0:0/96") || is("64:ff9b::/96") {
            part(12)
        } else if is("2002::/16") {
            part(2)
        } else if is("2001::/32") {
            let client: [u8; 4] = v6.octets()[12..].try_into().unwrap();
            part(4) && expected(IpAddr::from(client.map(|byte| !byte)))
        } else {
            matches!(reach, Reach::Global)
        }
    }

    fn from_bits(prefix: IpNet, bits: u128) -> IpAddr {
        match prefix {
            IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap())),
            IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        }
    }

    fn bits(address: IpAddr) -> u128 {
        match address {
            IpAddr::V4(address) => address.to_bits().into(),
            IpAddr::V6(address) => address.to_bits(),
        }
    }

    proptest! {
        #[test]
        fn prefix_borders_match_the_registries(seed in any::<u128>()) {
            for (prefix, _) in parsed() {
                let (first, last) = (bits(prefix.network()), bits(prefix.broadcast()));
                let all = from_bits(prefix, if prefix.max_prefix_len() == 32 { u128::from(u32::MAX) } else { u128::MAX });
                let within = first | (seed & (last - first));
                let neighbours = [first.checked_sub(1), last.checked_add(1).filter(|next| *next <= bits(all))];
                for one in [first, last, within].into_iter().chain(neighbours.into_iter().flatten()) {
                    let address = from_bits(prefix, one);
                    prop_assert_eq!(is_public(address), expected(address), "{} at {}", address, prefix);
                }
            }
        }

        #[test]
        fn any_address_matches_the_registries(four in any::<u32>(), six in any::<u128>()) {
            for address in [IpAddr::V4(Ipv4Addr::from_bits(four)), IpAddr::V6(Ipv6Addr::from_bits(six))] {
                prop_assert_eq!(is_public(address), expected(address), "{}", address);
            }
        }

        #[test]
        fn embedded_address_decides(four in any::<u32>(), rest in any::<u64>()) {
            let alone = is_public(Ipv4Addr::from_bits(four).into());
            let (four, rest) = (u128::from(four), u128::from(rest));
            let public = 0x0808_0808_u128;
            for address in [
                (0xffff << 32) | four,
                (0x64_ff9b << 96) | four,
                (0x2002 << 112) | (four << 80) | rest,
                (0x2001_0000 << 96) | (public << 64) | (rest & 0xffff_ffff << 32) | (four ^ 0xffff_ffff),
                (0x2001_0000 << 96) | (four << 64) | (rest & 0xffff_ffff << 32) | (public ^ 0xffff_ffff),
            ] {
                let address = Ipv6Addr::from_bits(address);
                prop_assert_eq!(is_public(address.into()), alone, "{}", address);
            }
        }
    }

    #[test]
    fn prefixes_are_whole_and_unique() {
        let mut all: Vec<IpNet> = parsed().map(|(prefix, _)| prefix).collect();
        for prefix in &all {
            assert_eq!(*prefix, prefix.trunc());
        }
        assert_eq!(all.len(), TABLE.len());
        all.sort();
        all.dedup();
        assert_eq!(all.len(), PREFIXES.len());
    }

    #[test]
    fn local_and_private_addresses_are_denied() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::1:8.8.8.8",
            "64:ff9b:1::8.8.8.8",
            "64:ff9b:1::127.0.0.1",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:0:808:808::80ff:fffe",
            "2001:0:7f00:1::f7f7:f7f7",
            "2001:2::1",
            "2001:10::1",
            "2001:100::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.0.9",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "2001:1::1",
            "2001:200::1",
            "2001:0:808:808::f7f7:f7f7",
            "2002:808:808::1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
