//! Stories of the whole bot against the sandbox: the bot that `run` starts, on a database file of
//! its own, with members who act over REST and the gateway. Each story reads from top to bottom;
//! `stage` holds what they share.

mod answers;
mod cast;
mod closing;
mod crash;
mod daily;
mod disk;
mod doctor;
mod gateway;
mod leaderboard;
mod limits;
mod log;
mod misbehaving;
mod openapi;
mod outbox;
mod pictures;
mod post;
mod question;
mod questions;
mod quiz_crowd;
mod quiz_group;
mod quiz_solo;
mod quiz_table;
mod rates;
mod restart;
mod review;
mod schedule;
mod season;
mod setup;
mod stage;
mod stats;
mod tls;
mod trouble;
mod voting;
