//! Rebuilds the crate when a question is added or removed. The embedded files are tracked one by
//! one by the compiler, which cannot know of a file that did not exist last time.

fn main() {
    println!("cargo::rerun-if-changed=questions");
    println!("cargo::rerun-if-changed=build.rs");
}
