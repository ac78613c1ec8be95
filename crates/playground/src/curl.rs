//! `curl` and `wget` of the terminal: for the pages that are known here.

use shell::ProcessIo;
use shell::fs::{Caller, Fs, normalise};

use crate::web::{self, WebError};

/// What the arguments ask for.
#[derive(Default)]
struct Wish {
    url: Option<String>,
    /// Where to, if not to standard output.
    file: Option<String>,
    remote_name: bool,
    is_silent: bool,
    fails_on_error: bool,
}

/// Runs `curl` at once; answers with its exit code.
pub(crate) fn curl(argv: &[String], cwd: &str, fs: &mut dyn Fs, caller: Caller, io: &mut ProcessIo) -> i32 {
    let wish = match read(argv) {
        Ok(wish) => wish,
        Err(text) => {
            io.stderr(format!("curl: {text}\ncurl: try 'curl --help' or 'curl --manual' for more information\n"));
            return 2;
        }
    };
    let Some(url) = &wish.url else {
        io.stderr("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n");
        return 2;
    };
    let host = url.split("://").last().and_then(|rest| rest.split(['/', ':']).next()).unwrap_or(url);
    match web::page(url) {
        Ok(text) => save(&wish, url, text, cwd, fs, caller, io),
        Err(WebError::NotFound) if wish.fails_on_error => {
            io.stderr("curl: (22) The requested URL returned error: 404\n");
            22
        }
        Err(WebError::NotFound) => save(&wish, url, "404 page not found\n", cwd, fs, caller, io),
        Err(WebError::NoSuchHost) => {
            io.stderr(format!("curl: (6) Could not resolve host: {host}\n"));
            6
        }
    }
}

fn read(argv: &[String]) -> Result<Wish, String> {
    let mut wish = Wish::default();
    let mut rest = argv.iter().skip(1);
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--output" | "-o" => wish.file = Some(rest.next().ok_or("option --output: requires parameter")?.clone()),
            "--remote-name" => wish.remote_name = true,
            "--silent" => wish.is_silent = true,
            "--fail" => wish.fails_on_error = true,
            "--location" | "--show-error" => {}
            flags if flags.starts_with('-') && !flags.starts_with("--") => {
                for flag in flags.chars().skip(1) {
                    match flag {
                        'O' => wish.remote_name = true,
                        's' => wish.is_silent = true,
                        'f' => wish.fails_on_error = true,
                        'L' | 'S' => {}
                        'o' => wish.file = Some(rest.next().ok_or("option -o: requires parameter")?.clone()),
                        other => return Err(format!("option -{other}: is unknown")),
                    }
                }
            }
            long if long.starts_with("--") => return Err(format!("option {long}: is unknown")),
            url => wish.url = Some(url.to_owned()),
        }
    }
    Ok(wish)
}

fn save(wish: &Wish, url: &str, text: &str, cwd: &str, fs: &mut dyn Fs, caller: Caller, io: &mut ProcessIo) -> i32 {
    let remote_name = || url.rsplit('/').next().unwrap_or_default().to_owned();
    let target = wish.file.clone().or_else(|| wish.remote_name.then(remote_name));
    let Some(file) = target else {
        io.stdout(text);
        return 0;
    };
    if file.is_empty() {
        io.stderr(
            "curl: Remote file name has no length!\ncurl: (23) Failed writing received data to disk/application\n",
        );
        return 23;
    }
    if let Err(error) = fs.write(&normalise(cwd, &file), text.as_bytes(), caller) {
        io.stderr(format!("Warning: Failed to open the file {file}: {error}\ncurl: (23) Failed writing received data to disk/application\n"));
        return 23;
    }
    0
}
