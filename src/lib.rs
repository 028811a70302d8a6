//! Studyhall: one question a study day, answers, votes, points.

pub mod bank;
pub mod cli;
pub mod config;
pub mod discord;
pub mod domain;
pub mod engine;
pub mod picture;
pub mod sandbox;
pub mod store;

/// Here and not in the program, so that tests and benches run on what the program runs on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
