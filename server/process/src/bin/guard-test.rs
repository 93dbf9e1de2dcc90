//! For tests only: a process that starts a child with a child of its own and waits to be killed, and its guard.

fn main() -> std::io::Result<()> {
    #[cfg(unix)]
    return unix::main();
    #[cfg(not(unix))]
    Ok(())
}

#[cfg(unix)]
mod unix {
    use process::{Child, Environment, Spec, guard};
    use std::io::{Error, Write};
    use tokio::io::{AsyncBufReadExt, BufReader};

    pub(super) fn main() -> std::io::Result<()> {
        let mut args = std::env::args().skip(1);
        if args.next().as_deref() == Some("guard") {
            guard::serve();
            return Ok(());
        }
        guard::set_program(std::env::current_exe()?, vec!["guard".into()]);
        let script = args.next().unwrap_or_default();
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(parent(&script))
    }

    /// Starts a program that has ended before, and the script; passes on what the script says; waits for ever.
    async fn parent(script: &str) -> std::io::Result<()> {
        Child::spawn(&shell("exit 0"))
            .map_err(Error::other)?
            .wait()
            .await;
        let mut child = Child::spawn(&shell(script)).map_err(Error::other)?;
        let Some(stdout) = child.take_stdout() else {
            return Ok(());
        };
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            writeln!(std::io::stdout(), "{line}")?;
        }
        std::future::pending().await
    }

    fn shell(script: &str) -> Spec {
        Spec {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            cwd: "/".into(),
            environment: Environment::inherited(),
        }
    }
}
