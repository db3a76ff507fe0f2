//! Bytes of the fuzzer for `plan_folder` of the harness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    drgdip_fuzz::plan_folder(bytes);
});
