//! Packages a study into an IHE PDI ZIP: the façade over the engine's crates.
