//! Bytes of the fuzzer for `csv_claims` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::csv_claims(bytes);
});
