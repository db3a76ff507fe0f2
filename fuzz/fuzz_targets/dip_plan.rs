//! Bytes of the fuzzer for `dip_plan` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::dip_plan(bytes);
});
