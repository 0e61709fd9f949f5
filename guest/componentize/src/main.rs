//! The part of the way from C and Go to a component that their compilers do not know:
//! generates what stands between a program and the contract, and makes a component of
//! the core module that the compiler made.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use wasi_preview1_component_adapter_provider as wasi;
use wit_bindgen_core::Files;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// Generates bindings of the contract, and makes components of core modules.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Generate the bindings of a world
    Bindings {
        /// The language of the bindings
        #[arg(value_enum)]
        language: Language,
        #[command(flatten)]
        world: World,
        /// Of Go: the import path of the generated packages
        #[arg(long, value_name = "PATH")]
        package: Option<String>,
        /// Where they are written to
        #[arg(long, value_name = "DIR")]
        out_dir: PathBuf,
    },
    /// Make a component of a core module that imports WASI preview 1
    Component {
        /// The core module
        module: PathBuf,
        #[command(flatten)]
        world: World,
        /// What the module is: a program with a main function, or a library
        #[arg(long, value_enum, default_value_t = Kind::Command)]
        kind: Kind,
        /// The component
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Which world.
#[derive(Args, Debug)]
struct World {
    /// A WIT package: a directory
    #[arg(long, value_name = "DIR")]
    wit: PathBuf,
    /// A world of it, such as `imports`
    #[arg(long, value_name = "NAME")]
    world: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    C,
    Go,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Command,
    Reactor,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Bindings { language, world, package, out_dir } => {
            bindings(language, &world, package, &out_dir)
        }
        Command::Component { module, world, kind, output } => {
            component(&module, &world, kind, &output)
        }
    }
}

impl World {
    fn resolve(&self) -> Result<(Resolve, WorldId)> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_path(&self.wit)
            .with_context(|| format!("{} is no WIT package", self.wit.display()))?;
        let world = resolve.select_world(&[package], Some(&self.world))?;
        Ok((resolve, world))
    }
}

fn bindings(
    language: Language,
    world: &World,
    package: Option<String>,
    directory: &Path,
) -> Result<()> {
    let (mut resolve, world) = world.resolve()?;
    let mut generator = match language {
        // What the object file would tell the linker, `component` puts in.
        Language::C => wit_bindgen_c::Opts { no_object_file: true, ..Default::default() }.build(),
        Language::Go => wit_bindgen_go::Opts { pkg_name: package, ..Default::default() }.build(),
    };
    let mut files = Files::default();
    generator.generate(&mut resolve, world, &mut files)?;
    for (name, content) in files.iter() {
        let path = directory.join(name);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        write(&path, content)?;
    }
    Ok(())
}

fn component(module: &Path, world: &World, kind: Kind, output: &Path) -> Result<()> {
    let mut bytes =
        fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let (resolve, world) = world.resolve()?;
    embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8, false)?;
    let adapter = match kind {
        Kind::Command => wasi::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
        Kind::Reactor => wasi::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
    };
    let component = ComponentEncoder::default()
        .module(&bytes)?
        .validate(true)
        .adapter(wasi::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)?
        .encode()
        .with_context(|| format!("no component can be made of {}", module.display()))?;
    write(output, &component)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(name: &str) -> World {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/0.2");
        World { wit, world: name.to_owned() }
    }

    /// A directory of this test's own, which is empty.
    fn scratch(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("a directory");
        directory
    }

    #[test]
    fn the_bindings_are_those_of_the_world() {
        let directory = scratch("spakky-bindings");
        let imports = world("imports");
        bindings(Language::C, &imports, None, &directory.join("c")).expect("C");
        let header = fs::read_to_string(directory.join("c/imports.h")).expect("a header");
        assert!(header.contains("spakky_cache_cache_lookup"), "{header}");
        let package = Some("example.com/bindings".to_owned());
        bindings(Language::Go, &imports, package, &directory.join("go")).expect("Go");
        assert!(directory.join("go").read_dir().expect("files").count() > 0);
        fs::remove_dir_all(&directory).expect("it goes");
    }

    #[test]
    fn what_is_no_module_is_named() {
        let directory = scratch("spakky-component");
        let (module, output) = (directory.join("m.wasm"), directory.join("c.wasm"));
        let make = || component(&module, &world("imports"), Kind::Command, &output);
        let error = format!("{:#}", make().expect_err("it is not there"));
        assert!(error.contains("cannot read") && error.contains("m.wasm"), "{error}");
        fs::write(&module, "no module").expect("written");
        make().expect_err("it is no module");
        assert!(!output.exists());
        fs::remove_dir_all(&directory).expect("it goes");
    }

    #[test]
    fn a_world_that_is_not_there_is_named() {
        let error = world("everything").resolve().expect_err("there is none");
        assert!(format!("{error:#}").contains("everything"), "{error:#}");
        let nowhere = World { wit: "no/such/wit".into(), world: "imports".to_owned() };
        let error = format!("{:#}", nowhere.resolve().expect_err("there is none"));
        assert!(error.contains("no/such/wit is no WIT package"), "{error}");
    }
}
