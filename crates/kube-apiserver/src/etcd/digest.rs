//! A number that sums up a run.

use std::hash::{Hash, Hasher};

use api::Object;
use client::ChangeKind;
use sim::Time;

/// FNV-1a over every write: what, when, and the whole object. Two runs are the same run if their digests are.
#[derive(Clone, Debug)]
pub(super) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    pub(super) fn value(&self) -> u64 {
        self.0
    }

    pub(super) fn add(&mut self, kind: ChangeKind, object: &Object, at: Time) {
        self.write_u8(kind as u8);
        at.hash(self);
        object.hash(self);
    }
}

/// Sizes and discriminants are hashed at one width everywhere: `usize` has 4 bytes in wasm and 8 on most other machines.
impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        // Eight bytes at a step: weaker than FNV byte by byte, and enough to tell two runs apart.
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.step(u64::from_le_bytes(chunk.try_into().expect("chunks_exact gives eight bytes")));
        }
        for &byte in chunks.remainder() {
            self.step(u64::from(byte));
        }
    }
    fn write_u8(&mut self, value: u8) {
        self.step(u64::from(value));
    }
    fn write_u16(&mut self, value: u16) {
        self.step(u64::from(value));
    }
    fn write_u32(&mut self, value: u32) {
        self.step(u64::from(value));
    }
    fn write_u64(&mut self, value: u64) {
        self.step(value);
    }
    fn write_u128(&mut self, value: u128) {
        self.step(value as u64);
        self.step((value >> 64) as u64);
    }
    fn write_usize(&mut self, value: usize) {
        self.step(value as u64);
    }
    fn write_i8(&mut self, value: i8) {
        self.step(value as u64);
    }
    fn write_i16(&mut self, value: i16) {
        self.step(value as u64);
    }
    fn write_i32(&mut self, value: i32) {
        self.step(value as u64);
    }
    fn write_i64(&mut self, value: i64) {
        self.step(value as u64);
    }
    fn write_isize(&mut self, value: isize) {
        self.step(value as u64);
    }
}

impl Digest {
    fn step(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }
}
