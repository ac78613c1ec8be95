//! Archives as `tar` writes them: a header of 512 bytes before every file, in the `ustar` format of POSIX.
//!
//! Absent: links, devices, extended headers; names that do not fit into a header are refused. An archive is read as a
//! whole: nothing here waits.

use std::fmt;

use sim::Time;

use crate::fs::Kind;

const BLOCK: usize = 512;
/// What GNU tar fills an archive up to.
const RECORD: usize = 10_240;
const NAME_BYTES: usize = 100;
const PREFIX_BYTES: usize = 155;

/// A file or directory in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path; that of a directory ends with `/`.
    pub name: String,
    /// File or directory.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last change, whole seconds.
    pub modified: Time,
    /// The bytes of a file.
    pub bytes: Vec<u8>,
}

/// Why something is no archive, or cannot be put into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TarError {
    /// A header whose sum is wrong.
    NoArchive,
    /// It ends inside of a member.
    Cut,
    /// A name that has no place in a header.
    NameTooLong,
}

impl fmt::Display for TarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TarError::NoArchive => "This does not look like a tar archive",
            TarError::Cut => "Unexpected EOF in archive",
            TarError::NameTooLong => "file name is too long (cannot be split); not dumped",
        })
    }
}

impl std::error::Error for TarError {}

/// Adds a member to an archive.
pub fn append(archive: &mut Vec<u8>, member: &Member) -> Result<(), TarError> {
    let (prefix, name) = split(&member.name).ok_or(TarError::NameTooLong)?;
    let size = if member.kind == Kind::File { member.bytes.len() } else { 0 };
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, format!("{:07o}\0", member.mode & 0o7777).as_bytes());
    put(108, format!("{:07o}\0", member.uid).as_bytes());
    put(116, format!("{:07o}\0", member.gid).as_bytes());
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", member.modified.unix_seconds().max(0)).as_bytes());
    put(156, if member.kind == Kind::Directory { b"5" } else { b"0" });
    put(257, b"ustar\x0000");
    put(345, prefix.as_bytes());
    // The sum is that of a header with blanks in its place.
    put(148, b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive.extend_from_slice(&header);
    archive.extend_from_slice(&member.bytes[..size]);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

/// Ends an archive.
pub fn finish(archive: &mut Vec<u8>) {
    archive.resize((archive.len() + 2 * BLOCK).next_multiple_of(RECORD), 0);
}

/// The two parts of a name in a header: the longest prefix goes to its own place.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= NAME_BYTES {
        return Some(("", name));
    }
    let mut cuts = name.match_indices('/').map(|(at, _)| at);
    let fits =
        |at: &usize| *at > 0 && *at <= PREFIX_BYTES && !name[at + 1..].is_empty() && name.len() - at - 1 <= NAME_BYTES;
    let at = cuts.rfind(fits)?;
    Some((&name[..at], &name[at + 1..]))
}

/// The members of an archive. Links and devices are passed over.
pub fn read(archive: &[u8]) -> Result<Vec<Member>, TarError> {
    let mut members = Vec::new();
    let mut rest = archive;
    while let Some((header, after)) = rest.split_at_checked(BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            return Ok(members);
        }
        let (member, size) = read_header(header).ok_or(TarError::NoArchive)?;
        let bytes = after.get(..size).ok_or(TarError::Cut)?;
        rest = after.get(size.next_multiple_of(BLOCK)..).unwrap_or(&[]);
        if let Some(member) = member {
            members.push(Member { bytes: bytes.to_vec(), ..member });
        }
    }
    if rest.is_empty() { Ok(members) } else { Err(TarError::NoArchive) }
}

/// A member without its bytes (none if it is neither file nor directory), and how many they are.
fn read_header(header: &[u8]) -> Option<(Option<Member>, usize)> {
    let text = |from: usize, length: usize| {
        let field = header.get(from..from + length)?;
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(length);
        std::str::from_utf8(&field[..end]).ok()
    };
    let number = |from: usize, length: usize| u64::from_str_radix(text(from, length)?.trim(), 8).ok();
    let sum: u64 =
        header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    if number(148, 8)? != sum {
        return None;
    }
    let (prefix, name) = (if header[257..262] == *b"ustar" { text(345, 155)? } else { "" }, text(0, NAME_BYTES)?);
    let name = if prefix.is_empty() { name.to_string() } else { format!("{prefix}/{name}") };
    let size = usize::try_from(number(124, 12)?).ok()?;
    let kind = match header[156] {
        b'0' | 0 if name.ends_with('/') => Some(Kind::Directory),
        b'0' | 0 => Some(Kind::File),
        b'5' => Some(Kind::Directory),
        _ => None,
    };
    let small = |from: usize| number(from, 8).and_then(|number| u32::try_from(number).ok());
    let modified = Time(number(136, 12)?.saturating_mul(1_000_000));
    let (mode, uid, gid) = (small(100)?, small(108)?, small(116)?);
    let member = kind.map(|kind| Member { name, kind, mode, uid, gid, modified, bytes: Vec::new() });
    Some((member, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, bytes: &[u8]) -> Member {
        let kind = if name.ends_with('/') { Kind::Directory } else { Kind::File };
        let modified = Time(1_767_225_600_000_000);
        Member { name: name.into(), kind, mode: 0o644, uid: 999, gid: 0, modified, bytes: bytes.to_vec() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let long = format!("{}/{}", "d".repeat(150), "f".repeat(99));
        let members =
            [member("dir/", b""), member("dir/a", b"text\n"), member(&long, &[0, 255, 7]), member("empty", b"")];
        let mut archive = Vec::new();
        members.iter().for_each(|member| append(&mut archive, member).unwrap());
        finish(&mut archive);
        assert_eq!(archive.len() % RECORD, 0);
        assert_eq!(read(&archive).unwrap(), members);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert_eq!(read(&[b'x'; 600]), Err(TarError::NoArchive));
        assert_eq!(read(b"short"), Err(TarError::NoArchive));
        assert_eq!(read(b""), Ok(Vec::new()));
        let mut archive = Vec::new();
        append(&mut archive, &member("a", &[1; 700])).unwrap();
        assert_eq!(read(&archive[..700]), Err(TarError::Cut));
        assert_eq!(append(&mut archive, &member(&"x".repeat(101), b"")), Err(TarError::NameTooLong));
    }
}
