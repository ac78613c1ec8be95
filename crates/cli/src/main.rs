//! The program `ordinal`.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use ordinal::arguments::{self, Request, USAGE};
use ordinal::drive::Driver;
use ordinal::{literate, run};

fn main() -> ExitCode {
    match arguments::read(std::env::args_os().skip(1)) {
        Ok(Request::Help) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Request::Run { options, script, format }) => {
            let status = run::run(&options, &script, format, &mut std::io::stdout().lock());
            ExitCode::from(u8::try_from(status & 0xff).unwrap_or(1))
        }
        Ok(Request::Test(plan)) => match literate::test(&plan, &mut std::io::stdout().lock()) {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
        Ok(Request::Drive { options }) => drive(&options),
        #[cfg(feature = "conform")]
        Ok(Request::Conform(suite)) => {
            let (input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
            match ordinal::conform::answer_lines(suite, input, &mut out) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        #[cfg(feature = "conform")]
        Ok(Request::ConformList) => {
            print!("{}", ordinal::conform::list());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("ordinal: {error}");
            ExitCode::from(2)
        }
    }
}

/// Each answer is flushed when its command ends; a line that cannot be read is answered too.
fn drive(options: &playground::Options) -> ExitCode {
    let mut driver = Driver::new(options);
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return ExitCode::FAILURE };
        if line.trim().is_empty() {
            continue;
        }
        for answer in driver.answer(&line) {
            if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
