//! The text of a CSV file as UTF-8, whatever its encoding.

use crate::Error;
use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// How many bytes are looked at a time.
const BLOCK: usize = 1 << 16;

/// Finds the encoding of a file: its byte-order mark, strict UTF-8, then strict GB18030.
///
/// The order matters: most text in GB18030 is no UTF-8, but all UTF-8 can be read as GB18030.
///
/// # Errors
/// The file cannot be read, or is neither; the error names the first byte that fits none.
pub(super) fn detect(path: &Path) -> Result<&'static Encoding, Error> {
    let wrong = |e: io::Error| Error::file(path, "read it", &e);
    let open = || File::open(path).map_err(wrong);
    let mut start = [0; 4];
    let read = read_full(&mut open()?, &mut start).map_err(wrong)?;
    if let Some((what, hint)) = no_text(start, path) {
        let problem = format!("this is no text but {what}.");
        return Err(Error::input(path.display(), problem).with_hint(hint));
    }
    if let Some((encoding, _)) = Encoding::for_bom(&start[..read]) {
        return Ok(encoding);
    }
    let Some(not_utf_8) = first_fault(open()?, UTF_8).map_err(wrong)? else {
        return Ok(UTF_8);
    };
    let bytes = open()?.metadata().map_err(wrong)?.len();
    if not_utf_8.after_others && not_utf_8.byte + 3 > bytes {
        let problem = "the text ends in the middle of a character of UTF-8.";
        return Err(Error::input(path.display(), problem)
            .with_hint("The file was cut off; deliver it again."));
    }
    let Some(not_gb) = first_fault(open()?, GB18030).map_err(wrong)? else {
        return Ok(GB18030);
    };
    let problem = format!(
        "the text is neither UTF-8 (byte {} is wrong) nor GB18030 (byte {} is wrong).",
        not_utf_8.byte, not_gb.byte
    );
    Err(Error::input(path.display(), problem)
        .with_hint("Save the file as UTF-8, or deliver it again if it was damaged on its way."))
}

/// What a file is whose first bytes no table begins with, and what to do about it.
fn no_text(start: [u8; 4], path: &Path) -> Option<(&'static str, &'static str)> {
    const UNPACK: &str = "Unpack it first.";
    const WORKBOOK: &str = "A workbook must be called .xlsx; unpack an archive first.";
    const PARQUET: &str = "It need not be converted; name it to the other commands as it is.";
    match start {
        [b'P', b'K', 3, 4] => Some(("a workbook or a zip archive", WORKBOOK)),
        [0xd0, 0xcf, 0x11, 0xe0] => {
            Some(("an old Excel workbook (.xls)", "Save it as .xlsx or CSV."))
        }
        [0x1f, 0x8b, ..] => Some(("a gzip archive", UNPACK)),
        [0x28, 0xb5, 0x2f, 0xfd] => Some(("a zstd archive", UNPACK)),
        [b'P', b'A', b'R', b'1'] if ends_with(path, b"PAR1").unwrap_or(false) => {
            Some(("a Parquet file", PARQUET))
        }
        _ => None,
    }
}

fn ends_with(path: &Path, tail: &[u8; 4]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-4))?;
    let mut end = [0; 4];
    file.read_exact(&mut end)?;
    Ok(end == *tail)
}

/// Where a file stops being text of an encoding.
struct Fault {
    /// The number of the byte, from 1.
    byte: u64,
    /// Whether there are characters outside ASCII before it.
    after_others: bool,
}

fn first_fault(file: File, encoding: &'static Encoding) -> io::Result<Option<Fault>> {
    let mut text = Utf8Text::new(file, encoding);
    let mut block = vec![0; BLOCK];
    let mut after_others = false;
    loop {
        match text.read(&mut block) {
            Ok(0) => return Ok(None),
            Ok(read) => after_others |= !block[..read].is_ascii(),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                after_others |= !text.text[..text.filled].is_ascii();
                let byte = text.decoded + 1;
                return Ok(Some(Fault { byte, after_others }));
            }
            Err(error) => return Err(error),
        }
    }
}

fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Reads a file as UTF-8 without its byte-order mark; bytes that are not of its encoding are an
/// error of kind [`ErrorKind::InvalidData`], never a replacement character.
pub(super) struct Utf8Text<R> {
    file: BufReader<R>,
    decoder: Decoder,
    encoding: &'static Encoding,
    /// How many bytes of the file were decoded.
    decoded: u64,
    /// Decoded text, of which the part up to `given` was given away.
    text: Vec<u8>,
    filled: usize,
    given: usize,
    /// Whether the end of the text was decoded, or a fault in it: the decoder must not be asked
    /// again, although whoever reads an unfinished row asks again.
    is_done: bool,
}

impl<R: Read> Utf8Text<R> {
    pub(super) fn new(file: R, encoding: &'static Encoding) -> Self {
        Self {
            file: BufReader::with_capacity(BLOCK, file),
            decoder: encoding.new_decoder_with_bom_removal(),
            encoding,
            decoded: 0,
            text: vec![0; BLOCK],
            filled: 0,
            given: 0,
            is_done: false,
        }
    }

    /// Decodes until there is some text; none at the end of the file.
    fn decode(&mut self) -> io::Result<()> {
        (self.filled, self.given) = (0, 0);
        while !self.is_done {
            let bytes = self.file.fill_buf()?;
            let is_last = bytes.is_empty();
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(bytes, &mut self.text, is_last);
            self.file.consume(read);
            self.decoded += read as u64;
            self.filled = written;
            self.is_done = match result {
                DecoderResult::InputEmpty => is_last,
                DecoderResult::OutputFull => false,
                DecoderResult::Malformed(..) => true,
            };
            if let DecoderResult::Malformed(wrong, after) = result {
                let name = self.encoding.name();
                self.decoded -= u64::from(wrong) + u64::from(after);
                let problem = format!("byte {} is not of a text in {name}", self.decoded + 1);
                return Err(io::Error::new(ErrorKind::InvalidData, problem));
            }
            if written > 0 {
                break;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.filled {
            self.decode()?;
        }
        let ready = &self.text[self.given..self.filled];
        let given = ready.len().min(buffer.len());
        buffer[..given].copy_from_slice(&ready[..given]);
        self.given += given;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn detected(bytes: &[u8]) -> Result<(&'static str, String), String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let encoding = detect(file.path()).map_err(|error| error.problem().to_owned())?;
        let mut text = String::new();
        let mut reader = Utf8Text::new(File::open(file.path()).unwrap(), encoding);
        reader.read_to_string(&mut text).unwrap();
        Ok((encoding.name(), text))
    }

    #[test]
    fn a_mark_then_utf_8_then_gb18030() {
        let utf_16 = b"\xff\xfe\x37\x75\x61\x00";
        assert_eq!(detected(utf_16), Ok(("UTF-16LE", "男a".into())));
        let marked = b"\xef\xbb\xbfcase_id";
        assert_eq!(detected(marked), Ok(("UTF-8", "case_id".into())));
        assert_eq!(detected("男性".as_bytes()), Ok(("UTF-8", "男性".into())));
        assert_eq!(
            detected(b"\xc4\xd0\xd0\xd4"),
            Ok(("gb18030", "男性".into()))
        );
        assert_eq!(detected(b""), Ok(("UTF-8", String::new())));
    }

    #[test]
    fn a_character_across_blocks_is_whole() {
        for fill in BLOCK - 3..=BLOCK {
            let text = format!("{}男", "a".repeat(fill));
            assert_eq!(detected(text.as_bytes()), Ok(("UTF-8", text.clone())));
            let (bytes, _, _) = GB18030.encode(&text);
            assert_eq!(detected(&bytes), Ok(("gb18030", text.clone())));
        }
    }

    #[test]
    fn who_asks_again_after_the_end_gets_nothing_again() {
        for encoding in [UTF_8, GB18030] {
            let mut reader = Utf8Text::new(&b"a,\"b"[..], encoding);
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!(text, "a,\"b");
            assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
            assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error_with_their_place() {
        let problem = detected(b"abc\xff\xffdef").unwrap_err();
        assert!(problem.contains("byte 4"), "{problem}");
        let cut = detected(b"\xe7\x94\xb7\xe6\x80").unwrap_err();
        assert!(cut.contains("in the middle of a character"), "{cut}");
    }
}
