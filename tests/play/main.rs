//! Stories of the whole bot against the sandbox, in one binary.

mod limits;
mod openapi;
mod tls;
