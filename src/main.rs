//! The one binary `esito`: argument parsing and one short file per subcommand.
fn main() {}
