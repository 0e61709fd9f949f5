//! Replies and commands as bytes.

use std::io::Write as _;

pub(super) const NULL: &[u8] = b"_\r\n";
pub(super) const OK: &[u8] = b"+OK\r\n";

pub(super) fn number(number: i64) -> Vec<u8> {
    line(b':', number)
}

pub(super) fn text(text: &[u8]) -> Vec<u8> {
    counted(b'$', text)
}

/// A list, or another form of several replies.
pub(super) fn list(kind: u8, items: &[Vec<u8>]) -> Vec<u8> {
    [line(kind, items.len()), items.concat()].concat()
}

/// The line that begins a reply of this type.
pub(super) fn line(kind: u8, content: impl std::fmt::Display) -> Vec<u8> {
    let mut line = vec![kind];
    write!(line, "{content}\r\n").expect("a vector takes any bytes");
    line
}

/// Bytes with their length before them.
pub(super) fn counted(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&line(kind, bytes.len())[..], bytes, b"\r\n"].concat()
}

/// Takes the first command out of `inbox`, if it is whole. Its form is trusted.
pub(super) fn take_command(inbox: &mut Vec<u8>) -> Option<Vec<Vec<u8>>> {
    let mut rest = inbox.as_slice();
    let count = take_count(&mut rest, b'*')?;
    let mut command = Vec::with_capacity(count);
    for _ in 0..count {
        let length = take_count(&mut rest, b'$')?;
        command.push(rest.get(..length)?.to_vec());
        rest = rest.get(length + 2..)?;
    }
    let taken = inbox.len() - rest.len();
    inbox.drain(..taken);
    Some(command)
}

fn take_count(rest: &mut &[u8], kind: u8) -> Option<usize> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, after) = (&rest[..end], &rest[end + 2..]);
    assert_eq!(line.first(), Some(&kind), "not a command: {}", line.escape_ascii());
    let digits = std::str::from_utf8(&line[1..]).ok().and_then(|digits| digits.parse().ok());
    *rest = after;
    Some(digits.expect("a count in a command"))
}
