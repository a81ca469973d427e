//! ZIP written front to back, never seeking.
