//! Bytes of the fuzzer for `claim_checks` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::claim_checks(bytes);
});
