//! Names: no key, tag or prefix reaches another.

mod keys;
mod prefixes;
mod tags;

use std::collections::HashSet;

use spakky_cache_core::MAX_NAME_BYTES;

use crate::{Case, World};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = keys::cases();
    cases.extend(tags::cases());
    cases.extend(prefixes::cases());
    cases
}

/// What somebody could take for something else: a kind, a pattern, a hash tag,
/// a format, a command, an end.
const HOSTILE: [&str; 96] = [
    "k",
    "k|",
    "|",
    "||",
    "k|k",
    "k|k|",
    "t|",
    "t|t",
    "r|",
    "r|k",
    "a|",
    "a",
    "t",
    "r",
    "s|",
    "s",
    "m|",
    "e|",
    "e",
    ":",
    "*",
    "**",
    "?",
    "??",
    "k*",
    "k?",
    "[",
    "]",
    "[]",
    "[k]",
    "[^k]",
    "[a-z]",
    "[k",
    "{k}",
    "}{",
    "{",
    "}",
    "{}",
    "{}k",
    "\\",
    "\\*",
    "\\\\",
    "^",
    "-",
    "k-",
    "\"",
    "\"\"",
    "'",
    "`",
    "$1",
    "%",
    "%%",
    "%s",
    "%00",
    "%7C",
    " ",
    "  ",
    " k",
    "k ",
    "\t",
    "\n",
    "k\n",
    "\r",
    "\r\n",
    "\0",
    "\0\0",
    "k\0",
    "\0k",
    "é",
    "🦀",
    "🦀🦀",
    "K",
    "KEY",
    "GET",
    "nil",
    "null",
    "../k",
    "0",
    "00",
    "-0",
    "kk",
    "kkk",
    "kkkk",
    "app:",
    "app:k|x",
    "\u{7f}",
    "\u{80}",
    "e\u{301}",
    "\u{feff}k",
    "\u{200b}",
    "k\u{200b}",
    "👩‍👩‍👧",
    "\u{10ffff}",
    "ＫＥＹ",
    "__tag__:k",
    "$3\r\nGET\r\n*1\r\n",
];

/// Names that are as likely to reach one another as any: hostile ones, what the store
/// itself calls things, long ones, and names with every byte that is a character.
fn odd_names(world: &World) -> Vec<String> {
    let mut names: Vec<String> = HOSTILE.map(str::to_owned).into();
    let prefix = world.prefix.as_str();
    names.push(prefix.into());
    for kind in ["k", "t", "r", "a", "e", "s"] {
        names.push(format!("{prefix}{kind}|"));
        names.push(format!("{prefix}{kind}|k"));
        names.push(format!("{kind}|{prefix}{kind}|k"));
    }
    // Some that differ only in their length, or only at the end.
    names.push("x".repeat(MAX_NAME_BYTES));
    names.push("x".repeat(MAX_NAME_BYTES - 1));
    names.push("x".repeat(MAX_NAME_BYTES - 1) + "y");
    names.push("🦀".repeat(MAX_NAME_BYTES / 4));
    names.push("\0".repeat(MAX_NAME_BYTES));
    names.push("*".repeat(MAX_NAME_BYTES));
    names.extend((0..=0x7f_u8).map(|byte| format!("byte {}", char::from(byte))));
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    names
}
