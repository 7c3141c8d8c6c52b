//! Printing that does not fall over when the reader has gone (`remission catalogue | head`): a closed pipe is the
//! reader's choice, and there is nobody left to tell.

/// As `print!`.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = write!(std::io::stdout().lock(), $($text)*);
    }};
}

/// As `println!`.
macro_rules! sayln {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout().lock(), $($text)*);
    }};
}

/// As `eprint!`.
macro_rules! warn {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = write!(std::io::stderr().lock(), $($text)*);
    }};
}

/// As `eprintln!`.
macro_rules! warnln {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr().lock(), $($text)*);
    }};
}
