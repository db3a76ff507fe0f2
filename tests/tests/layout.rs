//! Rules about the source tree that a reader can check and a change can break.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The sources of the crates, each without its tests at the foot.
fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        rust_files(&entry.unwrap().path().join("src"), &mut files);
    }
    assert!(files.len() > 50, "the crates have sources");
    let is_test = |path: &Path| {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        matches!(
            name.as_str(),
            "tests" | "reference" | "properties" | "testing"
        )
    };
    files.retain(|path| !is_test(path));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap()
            .to_owned();
        (path, code)
    };
    files.into_iter().map(read).collect()
}

/// The crate that a source file belongs to.
fn crate_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("crates")).unwrap();
    inside.iter().next().unwrap().to_string_lossy().into_owned()
}

/// Whether a text looks like an ICD code: a letter or two digits, digits, a dot, digits.
fn is_code(text: &str) -> bool {
    let Some((category, detail)) = text.split_once('.') else {
        return false;
    };
    let head = category
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_uppercase());
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let diagnosis = head && category.len() == 3 && digits(&category[1..]);
    let procedure = category.len() == 2 && digits(category) && detail.len() == 4;
    (diagnosis || procedure) && detail.starts_with(|c: char| c.is_ascii_digit())
}

fn is_group(text: &str) -> bool {
    let bytes = text.as_bytes();
    let letters = bytes.len() >= 2 && bytes[..2].iter().all(u8::is_ascii_uppercase);
    matches!(bytes.len(), 3 | 4) && letters && bytes[2..].iter().all(u8::is_ascii_digit)
}

/// Whether a text is a year of this time; 1970 and the like are the calendar's.
fn is_year(text: &str) -> bool {
    let in_century = text.len() == 4 && text.starts_with("20");
    in_century && text.parse().is_ok_and(|year: u32| year < 2040)
}

/// The texts of a line, and the words of what stands between them.
fn texts_and_words(line: &str) -> (Vec<&str>, Vec<&str>) {
    let texts = line.split('"').skip(1).step_by(2).collect();
    let code = line.split('"').step_by(2);
    let words = code.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'));
    (texts, words.collect())
}

#[test]
fn no_code_group_region_or_year_stands_in_the_sources() {
    for (path, code) in sources() {
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            let line = line.replace("\\\"", "'");
            let (texts, words) = texts_and_words(&line);
            let is_region =
                |text: &str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
            let is_fact =
                |text: &&str| is_code(text) || is_group(text) || is_region(text) || is_year(text);
            let texts = texts.into_iter().filter(is_fact);
            let years = words.into_iter().filter(|word| is_year(word));
            let found: Vec<_> = texts.chain(years).collect();
            assert!(
                found.is_empty(),
                "{}: {found:?} belongs into a table",
                path.display()
            );
        }
    }
}

#[test]
fn exact_crates_know_no_floats() {
    for (path, code) in sources() {
        let exact = ["claims", "grouper", "points", "calibrate"];
        let crate_name = crate_of(&path);
        if !exact.contains(&crate_name.as_str()) {
            continue;
        }
        for word in code.split(|c: char| !c.is_ascii_alphanumeric()) {
            assert!(
                word != "f32" && word != "f64",
                "{} has a float",
                path.display()
            );
        }
    }
}

#[test]
fn stage_crates_do_no_io_and_start_no_thread() {
    for (path, code) in sources() {
        let pure = ["claims", "grouper", "points", "calibrate", "synth"];
        let crate_name = crate_of(&path);
        if !pure.contains(&crate_name.as_str()) {
            continue;
        }
        for word in [
            "std::fs",
            "std::net",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "static mut",
        ] {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn arrows_point_down_the_pipeline() {
    let order = [
        "claims",
        "tables",
        "grouper",
        "points",
        "calibrate",
        "synth",
        "batch",
        "cli",
    ];
    for (number, name) in order.iter().enumerate() {
        let path = root().join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(&path).unwrap();
        for later in &order[number..] {
            let dependency = format!("drgdip-{later}.workspace");
            assert!(!manifest.contains(&dependency), "{name} depends on {later}");
        }
        if number < order.len() - 2 {
            assert!(
                !manifest.contains("arrow") && !manifest.contains("rayon"),
                "{name}"
            );
        }
    }
}

/// What stands beside the repository cannot be looked up by its readers; pages of `policies/` can.
#[test]
fn comments_cite_what_a_reader_has() {
    let mut files = Vec::new();
    for folder in ["crates", "tests", "benches"] {
        rust_files(&root().join(folder), &mut files);
    }
    let unknown = ["payment-spec", "payment specification"];
    for path in files.iter().filter(|path| !path.ends_with(file!())) {
        let text = fs::read_to_string(path).unwrap();
        for words in unknown {
            assert!(!text.contains(words), "{} cites {words}", path.display());
        }
    }
}

#[test]
fn files_can_be_read_to_the_end() {
    for (path, code) in sources() {
        let lines = code.lines().count();
        assert!(lines <= 620, "{} has {lines} lines", path.display());
    }
}
