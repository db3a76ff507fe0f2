//! Bytes of the fuzzer for `facts` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::facts(bytes);
});
