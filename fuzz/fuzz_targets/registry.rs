//! Bytes of the fuzzer for `registry` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::registry(bytes);
});
