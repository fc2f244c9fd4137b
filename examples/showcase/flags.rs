use std::net::SocketAddr;

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Flags {
    pub(crate) store: String,
    pub(crate) listen: SocketAddr,
    /// `None` is plain http, on this machine alone.
    pub(crate) certificate: Option<Certificate>,
}

/// Two files of PEM.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) chain: String,
    pub(crate) key: String,
}

pub(crate) const HELP: &str = "\
A seed shop that shows what sessions can do.

  --store STORE      where logins are kept: memory (the default), files[:FOLDER], sqlite[:FILE], postgres://…, redis://…, cookie
                     sqlite, postgres and redis want the cargo feature of their name
  --listen ADDRESS   default: 127.0.0.1:8080; port 0 takes one that is free
  --tls CHAIN KEY    serves https with these files of PEM; without it, http for this machine alone

SESSION_KEYS holds the keys of the cookies, as `cargo run -p sessions-examples --example keygen` makes one; without it, one is made up for this run.
";

impl Flags {
    /// Reads the arguments; `None` where somebody asks for help.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let mut flags = Self {
            store: "memory".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            certificate: None,
        };
        while let Some(flag) = arguments.next() {
            let mut value = |of: &str| {
                let missing = || format!("{flag} wants {of}; see --help");
                arguments.next().ok_or_else(missing)
            };
            match flag.as_str() {
                "--help" | "-h" => return Ok(None),
                "--store" => flags.store = value("a store")?,
                "--listen" => {
                    let address = value("an address")?;
                    let invalid = |error| format!("--listen {address}: {error}");
                    flags.listen = address.parse().map_err(invalid)?;
                }
                "--tls" => {
                    flags.certificate = Some(Certificate {
                        chain: value("a certificate and a key")?,
                        key: value("a key after the certificate")?,
                    });
                }
                _ => return Err(format!("{flag} is no flag; see --help")),
            }
        }
        if flags.certificate.is_none() && !flags.listen.ip().is_loopback() {
            return Err(format!(
                "{} is not on this machine alone, and without --tls everybody on the way reads the cookies",
                flags.listen
            ));
        }
        Ok(Some(flags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Flags>, String> {
        Flags::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        assert!(parse("--listen 127.0.0.1:0").is_ok());
        assert!(parse("--listen [::1]:0").is_ok());
        let error = parse("--listen 0.0.0.0:0").unwrap_err();
        assert!(error.starts_with("0.0.0.0:0 is not on this machine alone"));
        assert!(parse("--listen 0.0.0.0:0 --tls chain.pem key.pem").is_ok());
    }

    #[test]
    fn what_is_no_flag_is_named() {
        assert_eq!(
            parse("--shop x").unwrap_err(),
            "--shop is no flag; see --help"
        );
        assert_eq!(
            parse("--store").unwrap_err(),
            "--store wants a store; see --help"
        );
        assert!(parse("--store memory --help").unwrap().is_none());
    }
}
