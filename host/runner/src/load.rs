//! Loads components from files, and links them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::engine::EngineOptions;
use crate::imports;
use crate::instance::InstanceState;
use crate::program::Program;

/// Why a component could not be loaded. `Display` is one line that names the
/// file.
#[derive(Debug, thiserror::Error)]
#[error("{} {kind}", path.display())]
pub struct LoadError {
    /// The component's file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub kind: LoadErrorKind,
}

/// What is wrong with a component's file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// The file is a core module.
    #[error("is a core WebAssembly module, not a component")]
    CoreModule,
    /// The file is WebAssembly text.
    #[error("is WebAssembly text, not a binary component")]
    Text,
    /// The file is something else.
    #[error("is not a WebAssembly component")]
    NotWebAssembly,
    /// The engine does not accept the component.
    #[error("is not a valid component: {0:#}")]
    Invalid(wasmtime::Error),
    /// The component imports interfaces that are not offered.
    #[error("imports what is not offered: {}", .0.join(", "))]
    MissingImports(Vec<String>),
    /// The component imports an interface that is offered with other types.
    #[error("imports {import}, and what is offered differs: {difference}")]
    IncompatibleImport {
        /// The interface.
        import: String,
        /// How its types differ.
        difference: String,
    },
    /// The component does not export `wasi:cli/run`.
    #[error("is not a program: it does not export wasi:cli/run, but {}", exports_or_nothing(.exports))]
    NotAProgram {
        /// What it exports instead.
        exports: Vec<String>,
    },
}

fn exports_or_nothing(exports: &[String]) -> String {
    if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") }
}

/// Compiles components, and links them with WASI and the cache.
///
/// A component is compiled for an engine without support for concurrency, and for one
/// with it if it needs that.
pub struct Loader {
    plain: Linker<InstanceState>,
    /// Created for the first component that needs it.
    concurrent: OnceLock<Linker<InstanceState>>,
    options: EngineOptions,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

impl Loader {
    /// The packages that components can import, with their versions.
    pub fn offered() -> String {
        imports::offered()
    }

    /// Creates a loader with engines of these options.
    ///
    /// # Errors
    /// If the engine cannot be created, or WASI or the cache cannot be linked.
    pub fn new(options: EngineOptions) -> wasmtime::Result<Self> {
        Ok(Self { plain: linker(&options, false)?, concurrent: OnceLock::new(), options })
    }

    /// Loads the component in the file at `path`.
    ///
    /// # Errors
    /// If the file is not a component that can be linked.
    pub fn load(&self, path: &Path) -> Result<LoadedComponent, LoadError> {
        let pre = self.pre(path).map_err(|kind| LoadError { path: path.to_owned(), kind })?;
        Ok(LoadedComponent { path: path.to_owned(), pre })
    }

    fn pre(&self, path: &Path) -> Result<InstancePre<InstanceState>, LoadErrorKind> {
        let bytes = std::fs::read(path).map_err(LoadErrorKind::Unreadable)?;
        match Kind::of(&bytes) {
            Kind::Component => {}
            Kind::Module => return Err(LoadErrorKind::CoreModule),
            Kind::Text => return Err(LoadErrorKind::Text),
            Kind::Other => return Err(LoadErrorKind::NotWebAssembly),
        }
        // What needs concurrency is not valid for the one, or imports what only the other has.
        match link(&self.plain, &bytes) {
            Ok(pre) => Ok(pre),
            Err(_) => link(self.concurrent().map_err(LoadErrorKind::Invalid)?, &bytes),
        }
    }

    fn concurrent(&self) -> wasmtime::Result<&Linker<InstanceState>> {
        if let Some(linker) = self.concurrent.get() {
            return Ok(linker);
        }
        let linker = linker(&self.options, true)?;
        Ok(self.concurrent.get_or_init(|| linker))
    }
}

/// Compiles a component, and links it.
fn link(
    linker: &Linker<InstanceState>,
    bytes: &[u8],
) -> Result<InstancePre<InstanceState>, LoadErrorKind> {
    let component =
        Component::from_binary(linker.engine(), bytes).map_err(LoadErrorKind::Invalid)?;
    linker.instantiate_pre(&component).map_err(|error| imports::explain(&component, &error))
}

/// What components can import, on an engine of its own.
fn linker(options: &EngineOptions, concurrency: bool) -> wasmtime::Result<Linker<InstanceState>> {
    let mut linker = Linker::new(&options.build(concurrency)?);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    if concurrency {
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    }
    spakky_cache_wasmtime::add_to_linker(&mut linker, |state: &mut InstanceState| {
        &mut state.cache
    })?;
    Ok(linker)
}

/// A component that can be instantiated.
#[derive(Clone)]
pub struct LoadedComponent {
    path: PathBuf,
    pub(crate) pre: InstancePre<InstanceState>,
}

impl fmt::Debug for LoadedComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedComponent").field("path", &self.path).finish_non_exhaustive()
    }
}

impl LoadedComponent {
    /// The component's name: that of its file.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The engine that it was compiled for.
    pub fn engine(&self) -> &Engine {
        self.pre.engine()
    }

    /// The component as a program.
    ///
    /// # Errors
    /// If it is not a program.
    pub fn program(&self) -> Result<Program, LoadError> {
        Program::new(self.pre.clone()).ok_or_else(|| {
            let component = self.pre.component();
            let exports = component.component_type();
            let exports = exports.exports(component.engine()).map(|(name, _)| name.to_owned());
            let kind = LoadErrorKind::NotAProgram { exports: exports.collect() };
            LoadError { path: self.path.clone(), kind }
        })
    }
}

/// The kind of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Component,
    Module,
    Text,
    Other,
}

impl Kind {
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            // Magic number, version, and layer: 0 for a module, 1 for a component.
            [b'\0', b'a', b's', b'm', _, _, 0, 0, ..] => Self::Module,
            [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => Self::Component,
            _ => {
                let text = bytes.trim_ascii_start();
                let is_text = text.starts_with(b"(component") || text.starts_with(b"(module");
                if is_text { Self::Text } else { Self::Other }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_first_bytes() {
        assert_eq!(Kind::of(b"\0asm\x0d\0\x01\0"), Kind::Component);
        assert_eq!(Kind::of(b"\0asm\x01\0\0\0"), Kind::Module);
        assert_eq!(Kind::of(b" (component)"), Kind::Text);
        assert_eq!(Kind::of(b"\x7fELF"), Kind::Other);
        assert_eq!(Kind::of(b""), Kind::Other);
    }
}
