//! The binary `crosscheck`, built by this package so that its tests know its path.

fn main() -> std::process::ExitCode {
    cli::main()
}
