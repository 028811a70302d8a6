//! The rules, pure: no async, no input or output, no clock, no logging, no ambient randomness.
//!
//! Time, chance and identity come in as arguments; decisions go out as values. Whatever can be
//! said as a table of inputs and outputs lives here and is tested as one.

pub mod alarm;
pub mod answer;
pub mod ballot;
pub mod checkup;
pub mod draw;
pub mod ids;
pub mod markdown;
pub mod member;
pub mod notice;
pub mod outcome;
pub mod points;
pub mod question;
pub mod quiz;
pub mod ranking;
pub mod rate;
pub mod refusal;
pub mod report;
pub mod review;
pub mod round;
pub mod schedule;
pub mod season;
pub mod steering;
pub mod streak;
pub mod text;
