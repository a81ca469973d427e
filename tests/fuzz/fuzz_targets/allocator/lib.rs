//! Bounded memory: who asks for more than any input may cost ends the process, which is a finding.

use std::alloc::System;

/// Sixteen times the largest frame that the targets allow.
const MOST_BYTES: usize = 64 << 20;

#[global_allocator]
static ALLOCATOR: cap::Cap<System> = cap::Cap::new(System, MOST_BYTES);
