//! What the process has used so far, as the kernel counts it.

use std::fs;

use serde::Serialize;

/// Kernel clock ticks a second, as `/proc` counts on every Linux of today.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time and memory of this process. Zero where the system does not tell (no `/proc`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Seconds of CPU, user and system, all threads.
    pub cpu_seconds: f64,
    /// The most memory that was resident at any time, in bytes (`VmHWM`).
    pub peak_rss_bytes: u64,
}

impl Usage {
    pub(crate) fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The name in parentheses may hold spaces; user and system time are the 12th and 13th after.
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        let ticks: f64 =
            fields.split_ascii_whitespace().skip(11).take(2).flat_map(str::parse::<f64>).sum();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak_kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|value| value.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .unwrap_or_default();
        Self { cpu_seconds: ticks / TICKS_PER_SECOND, peak_rss_bytes: peak_kib << 10 }
    }

    /// CPU time since an earlier reading; the peak stays the peak.
    pub(crate) fn since(self, earlier: &Self) -> Self {
        Self { cpu_seconds: self.cpu_seconds - earlier.cpu_seconds, ..self }
    }
}
