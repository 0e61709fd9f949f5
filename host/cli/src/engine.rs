//! The engines and their compile cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use spakky_runner::EngineOptions;

use crate::args::EngineArgs;
use crate::parsers::CompileCache;

/// How the engines that compile and run components are set up.
pub(crate) fn options(args: &EngineArgs) -> EngineOptions {
    let compile_cache = compile_cache(args, |name| std::env::var_os(name).map(PathBuf::from));
    let compile_cache = compile_cache.filter(|directory| match try_to_write(directory) {
        Ok(()) => true,
        Err(error) => {
            let directory = directory.display();
            tracing::warn!(%directory, %error, "compiled components are not kept");
            false
        }
    });
    EngineOptions { compile_cache, ..EngineOptions::default() }
}

/// The directory of the compile cache, if there is one.
fn compile_cache(args: &EngineArgs, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let directory = match &args.compile_cache {
        Some(CompileCache::Off) => return None,
        Some(CompileCache::At(directory)) => directory.clone(),
        None => {
            // The XDG specification says to ignore a relative path.
            let set = |name| variable(name).filter(|path| path.is_absolute());
            let caches = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
            caches.join("spakky-redis").join("components")
        }
    };
    std::path::absolute(directory).ok()
}

/// Otherwise the engine would log for each component that it cannot write.
fn try_to_write(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let file = directory.join(format!(".writable-{}", std::process::id()));
    fs::write(&file, [])?;
    fs::remove_file(&file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_components_are_kept() {
        let kept = |set: Option<&str>, variables: &[(&str, &str)]| {
            let args = EngineArgs { compile_cache: set.map(|text| text.parse().unwrap()) };
            compile_cache(&args, |name| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| value.into())
            })
        };
        let home = [("HOME", "/home/me")];
        let both = [("HOME", "/home/me"), ("XDG_CACHE_HOME", "/caches")];
        let relative = [("HOME", "/home/me"), ("XDG_CACHE_HOME", "caches")];
        let in_home = Some("/home/me/.cache/spakky-redis/components".into());
        assert_eq!(kept(None, &home), in_home);
        assert_eq!(kept(None, &relative), in_home);
        assert_eq!(kept(None, &both), Some("/caches/spakky-redis/components".into()));
        assert_eq!(kept(None, &[]), None);
        assert_eq!(kept(Some("off"), &both), None);
        assert_eq!(kept(Some("/there"), &both), Some("/there".into()));
        assert!(kept(Some("here"), &[]).unwrap().is_absolute());
    }
}
