#![no_main]

#[path = "../src/reading.rs"]
#[allow(dead_code)]
mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reading::several(bytes));
