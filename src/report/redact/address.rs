//! Addresses: private ones stay private, public ones become addresses reserved for documentation
//! and tests (RFC 5737, RFC 2544, RFC 3849), and what lay in a network lies in its stand-in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::Redactor;
use super::stand_in::Shape;

/// Where the stand-ins of public addresses come from (RFC 5737).
const DOCUMENTATION: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 0);

/// A stand-in that is taken is passed over; a range that is used up ends the search.
const MOST_TRIES: usize = 1000;

/// Where the stand-ins of public networks come from (RFC 2544).
const PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);

/// Networks that are nobody's in particular: RFC 1918, loopback, link-local, everything.
const KEPT: [&str; 8] = [
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "fc00::/7",
];

impl Redactor {
    /// The stand-in of an address or a network; `None` for other text.
    pub(super) fn address(&mut self, text: &str) -> Option<String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(self.single(text, address));
        }
        let network: IpNet = text.parse().ok()?;
        if KEPT.contains(&text) {
            return Some(text.to_owned());
        }
        Some(self.network(text, network))
    }

    fn single(&mut self, text: &str, address: IpAddr) -> String {
        // Loopback, and the metadata and DNS addresses of every VPC: nobody's either.
        if address.is_loopback() || text.starts_with("169.254.169.") || address.is_unspecified() {
            return text.to_owned();
        }
        if let Some(known) = self.stand_ins.get(text) {
            return known.to_owned();
        }
        let base = self.around(address).unwrap_or_else(|| match address {
            IpAddr::V4(address) => base4(address).into(),
            IpAddr::V6(address) => base6(address).into(),
        });
        for _ in 0..MOST_TRIES {
            let number = self.stand_ins.next(Shape::Address, &base.to_string());
            let candidate = add(base, number).to_string();
            if self.stand_ins.give(text, &candidate) {
                return candidate;
            }
        }
        self.stand_ins.of(Shape::Name, "", text)
    }

    /// The base of the stand-in of the smallest network met that holds the address.
    fn around(&self, address: IpAddr) -> Option<IpAddr> {
        let holding = self.networks.iter().filter(|(network, _)| network.contains(&address));
        let (_, stand_in) = holding.max_by_key(|(network, _)| network.prefix_len())?;
        Some(stand_in.network())
    }

    /// Gives stand-ins to the networks in a text.
    pub(super) fn collect_networks(&mut self, text: &str) {
        let outside = |c: char| !c.is_ascii_hexdigit() && !matches!(c, '.' | ':' | '/');
        for word in text.split(outside).filter(|word| word.contains('/')) {
            let word = word.trim_matches(['.', ':']);
            if !KEPT.contains(&word)
                && let Ok(network) = word.parse::<IpNet>()
            {
                self.network(word, network);
            }
        }
    }

    fn network(&mut self, text: &str, network: IpNet) -> String {
        if let Some(known) = self.stand_ins.get(text) {
            return known.to_owned();
        }
        for _ in 0..MOST_TRIES {
            let series = format!("/{}", network.prefix_len());
            let number = self.stand_ins.next(Shape::Address, &series);
            let candidate = block(network, number);
            if self.stand_ins.give(text, &candidate.to_string()) {
                self.networks.push((network, candidate));
                return candidate.to_string();
            }
        }
        self.stand_ins.of(Shape::Name, "", text)
    }
}

/// The `number`th block of the same size: private where the original is, else in the test range if
/// it fits, else in the range that is reserved for the future (240.0.0.0/4).
fn block(network: IpNet, number: u64) -> IpNet {
    let length = network.prefix_len();
    let base: IpAddr = match network {
        IpNet::V4(network) => {
            let start = match (network.addr().is_private(), length) {
                (true, _) => base4(network.addr()),
                (false, 17..) => PUBLIC,
                (false, _) => Ipv4Addr::new(240, 0, 0, 0),
            };
            add(start.into(), number.saturating_mul(1 << (32 - u32::from(length.min(32)))))
        }
        IpNet::V6(network) => {
            let bits = u128::from(number) << 64;
            Ipv6Addr::from_bits(base6(network.addr()).to_bits() | bits).into()
        }
    };
    IpNet::new(base, length).map_or(network, |network| network.trunc())
}

/// The first address of the stand-ins of this kind of address.
fn base4(address: Ipv4Addr) -> Ipv4Addr {
    match address.octets() {
        [10, ..] => Ipv4Addr::new(10, 0, 0, 0),
        [172, ..] if address.is_private() => Ipv4Addr::new(172, 16, 0, 0),
        [192, ..] if address.is_private() => Ipv4Addr::new(192, 168, 0, 0),
        _ => DOCUMENTATION,
    }
}

fn base6(address: Ipv6Addr) -> Ipv6Addr {
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0),
        [0xfe80..=0xfebf, ..] => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        _ => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
    }
}

/// The address so many after `base`; documentation has only 254, the test range takes the rest.
fn add(base: IpAddr, number: u64) -> IpAddr {
    match base {
        IpAddr::V4(base) => {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let base = if base == DOCUMENTATION && number > 254 { PUBLIC } else { base };
            Ipv4Addr::from_bits(base.to_bits().saturating_add(number)).into()
        }
        IpAddr::V6(base) => {
            Ipv6Addr::from_bits(base.to_bits().saturating_add(u128::from(number))).into()
        }
    }
}
