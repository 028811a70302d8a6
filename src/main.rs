//! Studyhall's program: parse the command line, run the verb, exit with its code.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    studyhall::cli::Cli::parse().carry_out()
}
