//! Win32: the only unsafe code. Every call passes pointers to buffers that outlive it, and their length.

use std::ffi::c_void;

#[link(name = "shell32")]
extern "system" {
    fn ShellExecuteW(
        window: *mut c_void,
        verb: *const u16,
        file: *const u16,
        parameters: *const u16,
        folder: *const u16,
        show: i32,
    ) -> isize;
}

#[link(name = "user32")]
extern "system" {
    fn MessageBoxW(window: *mut c_void, text: *const u16, title: *const u16, kind: u32) -> i32;
}

#[link(name = "kernel32")]
extern "system" {
    fn GetUserDefaultUILanguage() -> u16;
}

#[link(name = "advapi32")]
extern "system" {
    /// RtlGenRandom.
    fn SystemFunction036(buffer: *mut c_void, length: u32) -> u8;
}

const SHOW_NORMAL: i32 = 1;
const ICON_INFORMATION: u32 = 0x40;
const SET_FOREGROUND: u32 = 0x1_0000;
const ITALIAN: u16 = 0x10;
/// Results up to this are errors of `ShellExecuteW`.
const LAST_ERROR: isize = 32;

/// UTF-16 with a zero at its end.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain(Some(0)).collect()
}

/// Opens an address in the browser of the user.
pub fn open(address: &str) -> bool {
    let (verb, address) = (wide("open"), wide(address));
    let nothing = std::ptr::null();
    // SAFETY: both texts end in a zero and live until the call returns; null is allowed for the others.
    let result = unsafe {
        ShellExecuteW(
            std::ptr::null_mut(),
            verb.as_ptr(),
            address.as_ptr(),
            nothing,
            nothing,
            SHOW_NORMAL,
        )
    };
    result > LAST_ERROR
}

/// Shows a message until it is closed.
pub fn tell(title: &str, text: &str) {
    let (title, text) = (wide(title), wide(text));
    // SAFETY: both texts end in a zero and live until the call returns.
    unsafe {
        MessageBoxW(
            std::ptr::null_mut(),
            text.as_ptr(),
            title.as_ptr(),
            ICON_INFORMATION | SET_FOREGROUND,
        );
    }
}

/// Fills a buffer with random bytes; `false` when the system has none.
pub fn random(buffer: &mut [u8; 16]) -> bool {
    // SAFETY: the buffer has 16 bytes.
    unsafe { SystemFunction036(buffer.as_mut_ptr().cast(), 16) != 0 }
}

/// Whether the user reads Italian menus.
pub fn is_italian() -> bool {
    // SAFETY: it takes nothing.
    unsafe { GetUserDefaultUILanguage() & 0x3FF == ITALIAN }
}
