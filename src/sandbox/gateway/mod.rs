//! The gateway, version 10: sessions that outlive their connections, and the sockets they speak through.

pub mod faults;
pub mod hub;
pub mod socket;
pub mod unidentified;
