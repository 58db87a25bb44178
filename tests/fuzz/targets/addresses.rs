//! The addresses that a provider's own name may resolve to.
//!
//! The first 16 bytes are an IPv6 address, of which the last four are an IPv4 address, too.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::is_public;

fuzz_target!(|bytes: &[u8]| {
    let Some(&octets) = bytes.first_chunk::<16>() else {
        return;
    };
    let v6 = Ipv6Addr::from(octets);
    let v4 = Ipv4Addr::from(*octets.last_chunk::<4>().expect("16 bytes"));
    let public = is_public(IpAddr::V4(v4));
    if v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_broadcast()
        || v4.is_documentation()
        || v4.is_multicast()
        || v4.octets()[0] == 0
    {
        assert!(!public, "{v4}");
    }
    if v6.is_loopback()
        || v6.is_unspecified()
        || v6.is_multicast()
        || v6.is_unique_local()
        || v6.is_unicast_link_local()
    {
        assert!(!is_public(IpAddr::V6(v6)), "{v6}");
    }
    // Only global unicast space, and addresses outside it that embed an IPv4 address, can be public.
    if is_public(IpAddr::V6(v6)) {
        let segments = v6.segments();
        let embeds =
            segments[..6] == [0, 0, 0, 0, 0, 0xffff] || segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
        assert!(octets[0] & 0xe0 == 0x20 || embeds, "{v6}");
    }
    // An address that embeds another is public if the other is.
    assert_eq!(is_public(IpAddr::V6(v4.to_ipv6_mapped())), public, "{v4}");
    let [high, low] = [0, 2].map(|at| u16::from_be_bytes([v4.octets()[at], v4.octets()[at + 1]]));
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low);
    assert_eq!(is_public(IpAddr::V6(nat64)), public, "{nat64}");
    let [.., rest] = v6.segments();
    let six_to_four = Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, rest);
    assert_eq!(is_public(IpAddr::V6(six_to_four)), public, "{six_to_four}");
});
