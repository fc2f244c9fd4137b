use std::io;

/// What a server answers to a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It is done: `HD`.
    Done,
    /// There is one already: `NS`.
    NotStored,
    /// It is in another state: `EX`.
    Changed,
    /// There is none: `NF`, and `EN` where one was asked for.
    Nothing,
    /// Here it is: `VA`.
    Found {
        cas: u64,
        value: Vec<u8>,
    },
    TooLarge,
    OutOfMemory,
    /// It does not know the command, or cannot carry it out.
    Refused,
}

/// A line of an answer: all of it, or its head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Whole(Reply),
    /// So many bytes follow.
    Value {
        cas: u64,
        length: usize,
    },
}

impl Line {
    /// Reads a line without its end; what no server of this protocol says is an error.
    pub(super) fn parse(line: &[u8]) -> io::Result<Self> {
        let strange = || io::Error::from(io::ErrorKind::InvalidData);
        let line = std::str::from_utf8(line).map_err(|_| strange())?;
        let mut words = line.split(' ');
        Ok(Self::Whole(match words.next().unwrap_or_default() {
            "HD" => Reply::Done,
            "NS" => Reply::NotStored,
            "EX" => Reply::Changed,
            "NF" | "EN" => Reply::Nothing,
            "VA" => {
                let length = words.next().and_then(|length| length.parse().ok());
                let cas = words.find_map(|flag| flag.strip_prefix('c')?.parse().ok());
                // A server that keeps no states says 0, and takes any write on the condition that it is 0.
                let cas = cas.filter(|cas| *cas != 0);
                return Ok(Self::Value {
                    cas: cas.ok_or_else(strange)?,
                    length: length.ok_or_else(strange)?,
                });
            }
            "SERVER_ERROR" if line.contains("too large") => Reply::TooLarge,
            "SERVER_ERROR" if line.contains("out of memory") => Reply::OutOfMemory,
            "SERVER_ERROR" | "CLIENT_ERROR" | "ERROR" => Reply::Refused,
            _ => return Err(strange()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_is_understood() {
        for (line, reply) in [
            ("HD", Reply::Done),
            ("HD c17 b", Reply::Done),
            ("NS", Reply::NotStored),
            ("EX", Reply::Changed),
            ("NF", Reply::Nothing),
            ("EN", Reply::Nothing),
            ("SERVER_ERROR object too large for cache", Reply::TooLarge),
            (
                "SERVER_ERROR out of memory storing object",
                Reply::OutOfMemory,
            ),
            ("SERVER_ERROR proxy write to backend", Reply::Refused),
            ("CLIENT_ERROR bad data chunk", Reply::Refused),
            ("ERROR", Reply::Refused),
        ] {
            assert_eq!(Line::parse(line.as_bytes()).unwrap(), Line::Whole(reply));
        }
        for line in ["VA 10 c77", "VA 10 t5 c77 W"] {
            let value = Line::Value {
                cas: 77,
                length: 10,
            };
            assert_eq!(Line::parse(line.as_bytes()).unwrap(), value);
        }
    }

    #[test]
    fn what_no_server_says_is_an_error() {
        for line in [
            &b""[..],
            b"VALUE k 0 3",
            b"VA",
            b"VA -1 c7",
            b"VA 10",
            b"VA 10 c0",
            b"VA 10 c",
            b"VA 10 c-1",
            b"VA 99999999999999999999999 c7",
            b"OK",
            b"hd",
            b"\xff\xfe",
            b"HTTP/1.1 400 Bad Request",
        ] {
            let error = Line::parse(line).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
