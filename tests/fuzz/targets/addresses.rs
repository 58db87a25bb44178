//! Which addresses a provider's own name may lead to.
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
    let six = Ipv6Addr::from(octets);
    let four = Ipv4Addr::from(*octets.last_chunk::<4>().expect("16 bytes"));
    let public = is_public(IpAddr::V4(four));
    if four.is_loopback()
        || four.is_private()
        || four.is_link_local()
        || four.is_broadcast()
        || four.is_documentation()
        || four.is_multicast()
        || four.octets()[0] == 0
    {
        assert!(!public, "{four}");
    }
    if six.is_loopback()
        || six.is_unspecified()
        || six.is_multicast()
        || six.is_unique_local()
        || six.is_unicast_link_local()
    {
        assert!(!is_public(IpAddr::V6(six)), "{six}");
    }
    // Only global unicast space, and what embeds an address of IPv4 outside of it, can be public.
    if is_public(IpAddr::V6(six)) {
        let head = six.segments();
        let embeds =
            head[..6] == [0, 0, 0, 0, 0, 0xffff] || head[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
        assert!(octets[0] & 0xe0 == 0x20 || embeds, "{six}");
    }
    // What embeds an address is as public as that.
    assert_eq!(
        is_public(IpAddr::V6(four.to_ipv6_mapped())),
        public,
        "{four}"
    );
    let [high, low] =
        [0, 2].map(|at| u16::from_be_bytes([four.octets()[at], four.octets()[at + 1]]));
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low);
    assert_eq!(is_public(IpAddr::V6(nat64)), public, "{nat64}");
    let [.., rest] = six.segments();
    let six_to_four = Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, rest);
    assert_eq!(is_public(IpAddr::V6(six_to_four)), public, "{six_to_four}");
});
