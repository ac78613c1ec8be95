//! IP addresses and ranges of them: what is none, what is one in a way that programs read differently, and what is only
//! written in an unusual way.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/util/validation/ip.go with the gate StrictIPCIDRValidation, which is on. Different:
//! what an old object has is not let through, since no object here can have got it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::field::{Errors, Field};

/// A range, as far as it can be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    address: IpAddr,
    bits: u8,
}

impl Range {
    fn length(self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    fn first(self) -> IpAddr {
        let shift = u32::from(self.length() - self.bits);
        match self.address {
            IpAddr::V4(ip) => {
                Ipv4Addr::from(u32::from(ip).checked_shr(shift).unwrap_or(0).checked_shl(shift).unwrap_or(0)).into()
            }
            IpAddr::V6(ip) => {
                Ipv6Addr::from(u128::from(ip).checked_shr(shift).unwrap_or(0).checked_shl(shift).unwrap_or(0)).into()
            }
        }
    }

    /// Whether another range lies inside and is smaller.
    pub(super) fn has_inside(self, other: Range) -> bool {
        let widened = Range { address: other.first(), bits: self.bits };
        self.length() == other.length() && widened.first() == self.first() && self.bits < other.bits
    }
}

/// Reads an address; leading zeros in IPv4 do not count.
fn read_ip(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| without_zeros(text)?.parse().ok())
}

/// `010.2.3.4` as `10.2.3.4`, if these are numbers.
fn without_zeros(text: &str) -> Option<String> {
    let octets: Option<Vec<String>> =
        text.split('.').map(|octet| octet.parse::<u8>().ok().map(|number| number.to_string())).collect();
    octets.map(|octets| octets.join("."))
}

pub(super) fn read_range(text: &str) -> Option<Range> {
    let (address, bits) = text.split_once('/')?;
    let is_number = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let range = Range { address: read_ip(address)?, bits: bits.parse().ok().filter(|_| is_number)? };
    (range.bits <= range.length()).then_some(range)
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

/// An IP address, of either family.
pub(super) fn ip(field: &Field<'_>, errors: &mut Errors) {
    let text = field.text();
    let problem = match (text.parse::<IpAddr>(), read_ip(text)) {
        (Ok(ip), _) if is_mapped(ip) => "must not be an IPv4-mapped IPv6 address",
        (Ok(_), _) => return,
        (Err(_), Some(_)) => "must not have leading 0s",
        (Err(_), None) => "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
    };
    errors.push(field.invalid_as(text, problem));
}

/// A range of addresses, such as `10.0.0.0/8`.
pub(super) fn range(field: &Field<'_>, errors: &mut Errors) {
    range_of(field, field.text(), errors);
}

/// The same with blanks around it that do not count.
pub(super) fn trimmed_range(field: &Field<'_>, errors: &mut Errors) {
    range_of(field, field.text().trim(), errors);
}

fn range_of(field: &Field<'_>, text: &str, errors: &mut Errors) {
    let Some(range) = read_range(text) else {
        let problem = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        return errors.push(field.invalid_as(text, problem));
    };
    let (address, bits) = text.split_once('/').unwrap_or_default();
    let has_zeros = address.parse::<IpAddr>().is_err() || bits.len() > 1 && bits.starts_with('0');
    let problem = if has_zeros {
        "must not have leading 0s in IP or prefix length"
    } else if is_mapped(range.address) {
        "must not have an IPv4-mapped IPv6 address"
    } else if range.first() != range.address {
        "must not have bits set beyond the prefix length"
    } else {
        return;
    };
    errors.push(field.invalid_as(text, problem));
}

/// Warns of an address that is valid and not written as addresses are.
pub(super) fn unusual_ip(field: &Field<'_>, warnings: &mut Vec<String>) {
    let (path, text) = (&field.path, field.text());
    if let Ok(IpAddr::V6(ip)) = text.parse()
        && ip.to_string() != text
    {
        warnings.push(format!("{path}: IPv6 address {text:?} should be in RFC 5952 canonical format (\"{ip}\")"));
    }
}

/// Warns of a range that is valid and not written as ranges are.
pub(super) fn unusual_range(field: &Field<'_>, warnings: &mut Vec<String>) {
    let (path, text) = (&field.path, field.text());
    let Some(range) = read_range(text).filter(|range| range.address.is_ipv6()) else { return };
    let canonical = format!("{}/{}", range.address, range.bits);
    if canonical != text {
        warnings
            .push(format!("{path}: IPv6 CIDR value {text:?} should be in RFC 5952 canonical format ({canonical:?})"));
    }
}
