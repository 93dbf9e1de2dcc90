//! The binary `crosscheck`; everything is in the library, so that tests can make a binary of their own.

fn main() -> std::process::ExitCode {
    cli::main()
}
