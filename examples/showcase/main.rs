//! A seed shop, as one would put it on the web: accounts, a cart, "your devices", an administrator's page.
//!
//! ```console
//! cargo run -p sessions-examples --example showcase --features showcase
//! cargo run -p sessions-examples --example showcase --features showcase,redis -- --store redis://127.0.0.1:6379
//! ```
//!
//! Then open the address it prints; `--help` tells the rest. Three sessions stand side by side: [`login::Login`] on the server, in the store of
//! the flag `--store`; [`cart::Cart`] and [`notices::Notices`] in sealed cookies. How they are configured stands in one function,
//! [`shop::sessions`].
//!
//! What is for demonstration only: accounts live in the memory of this process, so that they end with it, and nobody gets an e-mail.

mod account;
mod accounts;
mod admin;
mod cart;
mod counters;
mod devices;
mod flags;
mod guard;
mod guesses;
mod login;
mod notices;
mod pages;
mod place;
mod refusal;
mod shop;
mod stock;
mod stores;
#[cfg(test)]
mod tests;
mod user;
mod visitor;

use std::{
    env,
    error::Error,
    io::{self, Write as _},
    process::ExitCode,
};

use actix_web::{HttpServer, middleware::Logger, web::Data};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sessions::{Clock, KeyRing};

use crate::{
    flags::{Certificate, Flags},
    shop::{Shop, Transport},
    stores::Keeping,
};

#[actix_web::main]
async fn main() -> ExitCode {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody to tell it to is told by the exit code.
            _ = writeln!(io::stderr(), "showcase: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    let Some(flags) = Flags::parse(env::args().skip(1))? else {
        return Ok(out.write_all(flags::HELP.as_bytes())?);
    };
    let keys = if env::var_os("SESSION_KEYS").is_some() {
        KeyRing::from_env("SESSION_KEYS")?
    } else {
        KeyRing::generate()?
    };
    let keeping = Keeping::open(&flags.store, &keys).await?;
    let transport = match flags.certificate {
        Some(_) => Transport::Tls,
        None => Transport::PlainHttp,
    };
    let (shop, password) = Shop::open(keys, keeping.abilities())?;
    let shop = Data::new(shop);
    let sessions = shop::sessions(&shop, keeping, transport, Clock::system())?;
    let server = HttpServer::new(move || {
        shop::app(shop.clone(), sessions.clone()).wrap(Logger::new("%r %s"))
    })
    .workers(2);
    let server = match &flags.certificate {
        Some(certificate) => server.bind_rustls_0_23(flags.listen, tls(certificate)?)?,
        None => server.bind(flags.listen)?,
    };
    for (address, scheme) in server.addrs_with_scheme() {
        writeln!(out, "The shop is open at {scheme}://{address}")?;
    }
    writeln!(
        out,
        "Its administrator is {} with the password {password}",
        accounts::ADMINISTRATOR
    )?;
    Ok(server.run().await?)
}

fn tls(certificate: &Certificate) -> Result<ServerConfig, Box<dyn Error>> {
    let unreadable = |path: &str| {
        let path = path.to_owned();
        move |error| format!("{path}: {error}")
    };
    let chain = CertificateDer::pem_file_iter(&certificate.chain)
        .and_then(Iterator::collect)
        .map_err(unreadable(&certificate.chain))?;
    let key =
        PrivateKeyDer::from_pem_file(&certificate.key).map_err(unreadable(&certificate.key))?;
    // Named, since a build with other dependencies may have several to choose from.
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(config)
}
