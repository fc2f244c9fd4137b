use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use actix_web::web;
use argon2::{Argon2, PasswordHash, PasswordVerifier as _, password_hash::PasswordHasher as _};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// Who may log in. In the memory of this process: a real shop has a table for them.
pub(crate) struct Accounts {
    by_id: Mutex<HashMap<AccountId, Account>>,
    /// What the password of a name that nobody has is compared with, so that the answer takes as long.
    decoy: Arc<str>,
    /// A hash takes 19 MiB and a processor: no more at once than there are processors.
    desk: Semaphore,
}

/// Somebody who can log in.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) is_administrator: bool,
    hash: Arc<str>,
}

/// Whom a session belongs to: random, so that no session of an account that ended becomes one of an account that came later.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct AccountId(String);

/// Says why there is no account.
#[derive(Debug)]
pub(crate) enum AccountsError {
    /// The form is at fault; for the page that shows it.
    Refused(&'static str),
    /// The process is: no random bytes, no memory, or it is shutting down.
    Failed(Box<dyn Error + Send + Sync>),
}

pub(crate) const ADMINISTRATOR: &str = "admin";

impl Accounts {
    /// Makes the administrator's, and says its password.
    pub(crate) fn new() -> Result<(Self, String), AccountsError> {
        let password = random_text()?;
        let hash = hash(&password)?;
        let accounts = Self {
            by_id: Mutex::default(),
            decoy: Arc::clone(&hash),
            desk: Semaphore::new(thread::available_parallelism().map_or(1, usize::from)),
        };
        let administrator = Account {
            id: AccountId(random_text()?),
            name: ADMINISTRATOR.to_owned(),
            email: "admin@seeds.example".to_owned(),
            is_administrator: true,
            hash,
        };
        accounts.add(administrator)?;
        Ok((accounts, password))
    }

    /// Makes an account.
    pub(crate) async fn open(
        &self,
        name: &str,
        email: &str,
        password: String,
    ) -> Result<Account, AccountsError> {
        let name = canonical(name);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(AccountsError::Refused(
                "A name has up to 32 letters, digits and hyphens.",
            ));
        }
        let account = Account {
            id: AccountId(random_text()?),
            email: acceptable_email(email)?,
            is_administrator: false,
            hash: self.hash(acceptable_password(password)?).await?,
            name,
        };
        self.add(account.clone())?;
        Ok(account)
    }

    /// The account of this name, if this is its password. It takes as long if there is none.
    pub(crate) async fn check(
        &self,
        name: &str,
        password: String,
    ) -> Result<Option<Account>, AccountsError> {
        let name = canonical(name);
        let account = self
            .lock()
            .values()
            .find(|account| account.name == name)
            .cloned();
        let hash = account
            .as_ref()
            .map_or(&self.decoy, |account| &account.hash);
        let hash = Arc::clone(hash);
        let is_right = self
            .at_the_desk(move || Ok(matches(&hash, &password)))
            .await?;
        // The decoy's own password opens nothing: there is no account then.
        Ok(account.filter(|_| is_right))
    }

    /// The account, unless it ended with an earlier process.
    pub(crate) fn find(&self, id: &AccountId) -> Option<Account> {
        self.lock().get(id).cloned()
    }

    pub(crate) fn change_email(&self, id: &AccountId, email: &str) -> Result<(), AccountsError> {
        let email = acceptable_email(email)?;
        if let Some(account) = self.lock().get_mut(id) {
            account.email = email;
        }
        Ok(())
    }

    pub(crate) async fn change_password(
        &self,
        id: &AccountId,
        password: String,
    ) -> Result<(), AccountsError> {
        let hash = self.hash(acceptable_password(password)?).await?;
        if let Some(account) = self.lock().get_mut(id) {
            account.hash = hash;
        }
        Ok(())
    }

    fn add(&self, account: Account) -> Result<(), AccountsError> {
        let mut accounts = self.lock();
        if accounts.values().any(|other| other.name == account.name) {
            return Err(AccountsError::Refused("That name is taken."));
        }
        if accounts.len() >= MOST {
            return Err(AccountsError::Refused("This shop has no room for more."));
        }
        accounts.insert(account.id.clone(), account);
        Ok(())
    }

    async fn hash(&self, password: String) -> Result<Arc<str>, AccountsError> {
        self.at_the_desk(move || hash(&password)).await
    }

    /// Does what takes long on a thread that serves no requests.
    async fn at_the_desk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<T, AccountsError> {
        let _turn = self.desk.acquire().await.map_err(AccountsError::failed)?;
        web::block(work).await.map_err(AccountsError::failed)?
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Account>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccountsError {
    fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AccountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => f.write_str(reason),
            Self::Failed(source) => write!(f, "an account cannot be looked after: {source}"),
        }
    }
}

impl Error for AccountsError {}

/// As many as this process is to remember.
const MOST: usize = 10_000;

/// Argon2id with the crate's parameters, 19 MiB and two passes: those of the OWASP password storage cheat sheet.
fn hash(password: &str) -> Result<Arc<str>, AccountsError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(AccountsError::failed)?.to_string().into())
}

fn matches(hash: &str, password: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
    verified.is_ok()
}

fn canonical(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

/// By its length alone (NIST SP 800-63B); it is bounded, since hashing it takes time.
fn acceptable_password(password: String) -> Result<String, AccountsError> {
    if (8..=128).contains(&password.chars().count()) {
        Ok(password)
    } else {
        Err(AccountsError::Refused(
            "A password has 8 to 128 characters.",
        ))
    }
}

fn acceptable_email(email: &str) -> Result<String, AccountsError> {
    let email = email.trim();
    let is_address = email.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !email.chars().any(char::is_whitespace)
    });
    if is_address && email.len() <= 200 {
        Ok(email.to_owned())
    } else {
        Err(AccountsError::Refused("That is no e-mail address."))
    }
}

/// Sixteen random bytes in hexadecimal digits.
fn random_text() -> Result<String, AccountsError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(AccountsError::failed)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
