//! Bytes as files.

use drgdip_tables::FileSet;
use std::borrow::Cow;

const MARK: &[u8] = b"=== ";

/// The parts of an input: each begins with a line `=== name`. What stands before the first such
/// line belongs to none.
pub(super) fn parts(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(start) = next_mark(rest) {
        let named = &rest[start + MARK.len()..];
        let end = named.iter().position(|byte| *byte == b'\n');
        let (name, body) = named.split_at(end.unwrap_or(named.len()));
        let body = body.strip_prefix(b"\n").unwrap_or(body);
        let length = next_mark(body).unwrap_or(body.len());
        let name = String::from_utf8_lossy(name).into_owned();
        parts.push((name, &body[..length]));
        rest = &body[length..];
    }
    parts
}

/// Where the next mark at the start of a line stands.
fn next_mark(bytes: &[u8]) -> Option<usize> {
    let is_mark = |at: usize| at == 0 || bytes[at - 1] == b'\n';
    let mut places = 0..bytes.len().saturating_sub(MARK.len() - 1);
    places.find(|at| bytes[*at..].starts_with(MARK) && is_mark(*at))
}

/// The parts as the files of a folder.
pub(super) fn files(bytes: &[u8]) -> FileSet {
    let parts = parts(bytes).into_iter();
    let files = parts.map(|(path, body)| (path, Cow::Owned(body.to_vec())));
    FileSet::in_memory("fuzz", files)
}
