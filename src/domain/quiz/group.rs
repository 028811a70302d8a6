//! The rules of a group's run.
