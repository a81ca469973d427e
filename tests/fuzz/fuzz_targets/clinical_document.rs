//! `fuzz::clinical_document` under libFuzzer.
#![no_main]

#[path = "allocator/lib.rs"]
mod allocator;

libfuzzer_sys::fuzz_target!(init: fuzz::watch_panics(), |bytes: &[u8]| fuzz::clinical_document(bytes));
