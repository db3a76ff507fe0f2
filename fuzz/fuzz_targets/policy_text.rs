//! Bytes of the fuzzer for `policy_text` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::policy_text(bytes);
});
