//! `read`

use super::{Builtin, Kind, Outcome, Runner};
use crate::machine::ReadLine;
use crate::machine::shell::Frame;
use crate::machine::site::Reach;
use crate::parse::is_name;
use crate::process::Options;

pub(super) const BUILTIN: Builtin = Builtin {
    name: "read",
    usage: "read [-r] [-d delim] [-n nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
    kind: Kind::Shell,
    runner: Runner::Shell(read),
};

fn read(reach: &mut dyn Reach, args: &[String]) -> Outcome {
    let options = match Options::parse_leading(args, "rsed:n:N:p:t:u:", &[]) {
        Ok(options) => options,
        Err(text) => {
            reach.complain(&format!("read: {text}"));
            return Outcome::Status(2);
        }
    };
    if let Some(name) = options.operands.iter().find(|name| !is_name(name)) {
        reach.complain(&format!("read: `{name}': not a valid identifier"));
        return Outcome::Status(1);
    }
    let deadline = match options.value('t').map(|text| (text, super::sleep::duration(text))) {
        None => None,
        Some((_, Some(span))) => Some(reach.now() + span),
        Some((text, None)) => {
            reach.complain(&format!("read: {text}: invalid timeout specification"));
            return Outcome::Status(1);
        }
    };
    if let Some(prompt) = options.value('p') {
        reach.prompt(prompt);
    }
    Outcome::Frames(vec![Frame::Read(ReadLine {
        names: options.operands.clone(),
        raw: options.has('r'),
        fd: options.value('u').and_then(|fd| fd.parse().ok()).unwrap_or(0),
        delimiter: options.value('d').map_or(b'\n', |d| d.bytes().next().unwrap_or(0)),
        count: options.value('n').or(options.value('N')).and_then(|n| n.parse().ok()),
        deadline,
        text: Vec::new(),
    })])
}
