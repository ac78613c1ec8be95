//! Addresses and ports of services.
//!
//! Models: kubernetes v1.36 pkg/registry/core/service/{ipallocator,portallocator}.

use ordered::OrderedSet;

use sim::Random;

/// The range of cluster addresses, as messages name it.
pub(crate) const SERVICE_RANGE: &str = "10.96.0.0/16";
const BASE: u32 = 0x0a60_0000;
const SIZE: u32 = 1 << 16;
/// Dynamic allocation stays above this offset while it can, so that the addresses below are free for those who ask.
const BAND: u32 = 256;
/// Node ports, and how many of the lowest are kept for those who ask.
const PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;
const PORT_BAND: u16 = 86;

/// What is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allocator {
    addresses: OrderedSet<u32>,
    ports: OrderedSet<u16>,
}

/// Why an address or port could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AllocationError {
    /// Not an address.
    Malformed,
    /// Not in the range.
    OutOfRange,
    /// Someone has it.
    Taken,
    /// Nothing is left.
    Full,
}

impl Allocator {
    /// Takes a free address, at random.
    pub(crate) fn any_address(&mut self, random: &mut Random) -> Result<String, AllocationError> {
        // Network and broadcast address are nobody's.
        for (from, to) in [(BAND, SIZE - 1), (1, BAND)] {
            let start = from + random.below(u64::from(to - from)) as u32;
            let candidates = (start..to).chain(from..start);
            if let Some(offset) = candidates.into_iter().find(|offset| !self.addresses.contains(&(BASE + offset))) {
                self.addresses.insert(BASE + offset);
                return Ok(print(BASE + offset));
            }
        }
        Err(AllocationError::Full)
    }

    /// Takes the address asked for.
    pub(crate) fn address(&mut self, text: &str) -> Result<(), AllocationError> {
        let address = read(text).ok_or(AllocationError::Malformed)?;
        if !(BASE + 1..BASE + SIZE - 1).contains(&address) {
            return Err(AllocationError::OutOfRange);
        }
        if self.addresses.insert(address) { Ok(()) } else { Err(AllocationError::Taken) }
    }

    /// Gives an address back.
    pub(crate) fn release_address(&mut self, text: &str) {
        if let Some(address) = read(text) {
            self.addresses.remove(&address);
        }
    }

    /// Takes a free node port, at random.
    pub(crate) fn any_port(&mut self, random: &mut Random) -> Result<u16, AllocationError> {
        let middle = PORTS.start() + PORT_BAND;
        for (from, to) in [(middle, *PORTS.end()), (*PORTS.start(), middle - 1)] {
            let start = from + random.below(u64::from(to - from) + 1) as u16;
            if let Some(port) = (start..=to).chain(from..start).find(|port| !self.ports.contains(port)) {
                self.ports.insert(port);
                return Ok(port);
            }
        }
        Err(AllocationError::Full)
    }

    /// Takes the node port asked for.
    pub(crate) fn port(&mut self, port: i32) -> Result<(), AllocationError> {
        let port = u16::try_from(port).ok().filter(|port| PORTS.contains(port)).ok_or(AllocationError::OutOfRange)?;
        if self.ports.insert(port) { Ok(()) } else { Err(AllocationError::Taken) }
    }

    /// Gives a node port back.
    pub(crate) fn release_port(&mut self, port: i32) {
        if let Ok(port) = u16::try_from(port) {
            self.ports.remove(&port);
        }
    }
}

fn read(text: &str) -> Option<u32> {
    text.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
}

fn print(address: u32) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_given_once() {
        let mut allocator = Allocator::default();
        assert_eq!(allocator.address("10.96.0.10"), Ok(()));
        assert_eq!(allocator.address("10.96.0.10"), Err(AllocationError::Taken));
        assert_eq!(allocator.address("10.0.0.1"), Err(AllocationError::OutOfRange));
        allocator.release_address("10.96.0.10");
        assert_eq!(allocator.address("10.96.0.10"), Ok(()));
    }

    #[test]
    fn addresses_chosen_for_others_come_from_the_upper_band() {
        let mut allocator = Allocator::default();
        let address = allocator.any_address(&mut Random::stream(1, "services")).unwrap();
        assert!(!address.starts_with("10.96.0."), "{address}");
    }
}
