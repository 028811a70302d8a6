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
