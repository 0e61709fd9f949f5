//! The files below a directory.

use std::fs;
use std::io;
use std::path::{Component, Path};

/// A file, and the directories that it lies below, the outermost first.
#[derive(Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) directories: Vec<String>,
}

const PASSED_OVER: [&str; 3] = ["target", ".git", "node_modules"];
/// An entry has at most 64 tags, and one is left for whoever adds one.
const MOST_DIRECTORIES: usize = 63;
/// Enough to tell a picture from a text without reading all of it as one.
const SNIFFED: usize = 8 * 1024;

/// A path in the one form that keys and tags are made of: `./a//b/` is `a/b`.
pub(crate) fn normal(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let parts = Path::new(path).components().filter_map(|component| match component {
        Component::Normal(part) => part.to_str(),
        Component::ParentDir => Some(".."),
        _ => None,
    });
    let path = format!("{root}{}", parts.collect::<Vec<_>>().join("/"));
    if path.is_empty() { ".".to_owned() } else { path }
}

/// Every file below a directory, sorted by path.
pub(crate) fn below(directory: &str) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    collect(directory, &[], &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(directory: &str, above: &[String], files: &mut Vec<File>) -> io::Result<()> {
    let mut directories = above.to_vec();
    if directories.len() < MOST_DIRECTORIES {
        directories.push(directory.to_owned());
    }
    let failure = |error: io::Error| {
        let message = format!("cannot read the directory `{directory}`: {error} (is it granted?)");
        io::Error::new(error.kind(), message)
    };
    for entry in fs::read_dir(directory).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        // What is not UTF-8 has no place in a key.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if PASSED_OVER.contains(&name.as_str()) {
            continue;
        }
        let path = normal(&format!("{directory}/{name}"));
        // Links are not followed: they could lead in a circle.
        let kind = entry.file_type().map_err(failure)?;
        if kind.is_dir() {
            collect(&path, &directories, files)?;
        } else if kind.is_file() {
            files.push(File { path, directories: directories.clone() });
        }
    }
    Ok(())
}

/// A file's content, unless it is binary.
pub(crate) fn text(file: &File) -> io::Result<Option<String>> {
    let content = fs::read(&file.path).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot read the file `{}`: {error}", file.path))
    })?;
    if content.iter().take(SNIFFED).any(|byte| *byte == 0) {
        return Ok(None);
    }
    Ok(String::from_utf8(content).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_form() {
        for (path, expected) in [
            (".", "."),
            ("./", "."),
            ("a/", "a"),
            ("./a//b/./c/", "a/b/c"),
            ("../a", "../a"),
            ("/", "/"),
            ("/a/", "/a"),
        ] {
            assert_eq!(normal(path), expected, "{path}");
        }
    }

    #[test]
    fn files_are_found_below_a_directory_and_sorted() {
        let files = below(&normal(env!("CARGO_MANIFEST_DIR"))).expect("read");
        let names: Vec<_> = files
            .iter()
            .filter_map(|file| file.path.strip_prefix(env!("CARGO_MANIFEST_DIR")))
            .collect();
        assert!(names.is_sorted());
        assert!(names.contains(&"/Cargo.toml") && names.contains(&"/src/files.rs"), "{names:?}");
        let file = files.iter().find(|file| file.path.ends_with("/src/files.rs")).expect("here");
        let directory = normal(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(file.directories, [directory.clone(), format!("{directory}/src")]);
        assert!(text(file).expect("read").is_some_and(|text| text.contains("sorted by path")));
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = below("no/such/directory").expect_err("not there");
        assert!(error.to_string().contains("`no/such/directory`"), "{error}");
    }
}
