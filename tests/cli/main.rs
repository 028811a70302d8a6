//! The program as its users start it: real processes, their exit codes, and every word they say.

mod backup;
mod check;
mod demo;
mod doctor;
mod gateway;
mod help;
mod killed;
mod member;
mod program;
mod record;
mod refusals;
mod two_processes;
