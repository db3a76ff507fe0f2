//! Bytes of the fuzzer for `rule_text` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::rule_text(bytes);
});
