//! Contracts of the sandbox, over real HTTP and WebSockets: what any client of Discord relies on.

mod bounds;
mod client;
mod clock;
mod faults;
mod gateway;
mod interactions;
mod limits;
mod messages;
mod permissions;
mod pictures;
mod security;
mod serenity_client;
