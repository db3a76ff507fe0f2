//! Asks for a new build when a bundled table or policy changes.

fn main() {
    println!("cargo:rerun-if-changed=../../grouper-tables");
    println!("cargo:rerun-if-changed=../../policies");
}
