//! Writes the inputs to begin with where the fuzzer reads them: `seeds DIRECTORY`.

use std::path::PathBuf;
use std::{env, fs, io};

use spakky_fuzzing::TARGETS;

fn main() -> io::Result<()> {
    let directory = env::args_os().nth(1).map(PathBuf::from).unwrap_or_default();
    for target in TARGETS {
        let directory = directory.join(target.name);
        fs::create_dir_all(&directory)?;
        for (what, bytes) in (target.seeds)() {
            fs::write(directory.join(what.replace(' ', "-")), bytes)?;
        }
    }
    Ok(())
}
