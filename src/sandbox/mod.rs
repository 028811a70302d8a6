//! A small Discord: REST v10 and gateway v10 in this process and in memory, for any client library.
//!
//! It knows nothing of the bot. Its own words: a *world* (guilds, channels, messages), *sessions*
//! that are told what changes, *members* who act over the same interfaces as everybody, and a
//! *clock* that may be simulated.
//!
//! ```text
//! REST ──► rest (table, limits, faults) ──► state ──► world
//!                                             └─────► gateway sessions ──► sockets
//! ```

mod actor;
mod clock;
mod commands;
mod controls;
mod faults;
mod gateway;
mod handle;
mod interactions;
mod limits;
mod listener;
mod page;
pub mod record;
mod refused;
mod rest;
mod routes;
mod security;
mod server;
mod snowflake;
mod state;
mod traffic;
mod transcript;
mod validate;
mod wire;
mod world;

pub use actor::{Actor, Response};
pub use clock::{Settler, SimClock};
pub use faults::{Fault, Unreadable};
pub use gateway::faults::GatewayFault;
pub use handle::{Cast, Options, Sandbox, start, start_at};
pub use listener::Patience;
pub use snowflake::created;
pub use traffic::{Exchange, Heard, Reader, Traffic, Who};
pub use world::place::Place;
