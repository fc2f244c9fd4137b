//! What a session cannot do without, as plain function calls: no framework, no choice, no second cookie.
//!
//! Find the cookie, take off its base64, open it, decode; encode, seal, base64, the `Set-Cookie` value. Data is decoded and encoded by what
//! serde's own derive makes of the struct.

use std::{cell::RefCell, collections::HashMap, error::Error, marker::PhantomData, sync::LazyLock};

use actix_web::{http::header::HeaderValue, web::Bytes};
use base64::{
    Engine as _,
    engine::{general_purpose::NO_PAD, simd::Simd},
};
use hmac::{Hmac, Mac as _};
use memchr::memmem::Finder;
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use xaes_256_gcm::{
    Nonce, Tag, Xaes256Gcm,
    aead::{AeadInOut as _, KeyInit as _},
};

use super::KEY;
use crate::{
    data::Data,
    scenario::Scenario,
    size::Size,
    visitor::{Application, Contestant, Visitor},
};

pub(super) async fn sealed<D: Data>(
    scenario: &Scenario,
) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    let seal = Sealed(Xaes256Gcm::new(&KEY.into()));
    Ok(Box::new(
        Visitor::new(Primitives::<D, _>::new(seal, scenario.size), scenario).await?,
    ))
}

pub(super) async fn signed<D: Data>(
    scenario: &Scenario,
) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    let sign = Signed(Hmac::new_from_slice(&KEY)?);
    Ok(Box::new(
        Visitor::new(Primitives::<D, _>::new(sign, scenario.size), scenario).await?,
    ))
}

pub(super) async fn memory<D: Data>(
    scenario: &Scenario,
) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    let memory = InMemory::default();
    Ok(Box::new(
        Visitor::new(Primitives::<D, _>::new(memory, scenario.size), scenario).await?,
    ))
}

/// How a cookie's value becomes a payload and back.
trait Keeper {
    /// Makes the payload of a value.
    fn open(&self, value: &[u8]) -> Result<Vec<u8>, Box<dyn Error>>;

    /// Where in what [`open`](Self::open) returns the payload begins.
    const START: usize;

    /// Where in it the payload ends.
    const SUFFIX: usize;

    /// Keeps a payload, for which the buffer has room before and behind; `None` when the visitor has its cookie already.
    fn close(&self, buffer: Vec<u8>, value: Option<&[u8]>)
    -> Result<Option<Bytes>, Box<dyn Error>>;
}

struct Primitives<D, K> {
    keeper: K,
    finder: Finder<'static>,
    size: Size,
    data: PhantomData<D>,
}

impl<D: Data, K: Keeper> Primitives<D, K> {
    fn new(keeper: K, size: Size) -> Self {
        Self {
            keeper,
            finder: Finder::new("__Host-bench="),
            size,
            data: PhantomData,
        }
    }

    fn value<'a>(&self, cookies: &'a [u8]) -> Result<&'a [u8], Box<dyn Error>> {
        let start = self.finder.find(cookies).ok_or("no cookie")? + self.finder.needle().len();
        let value = cookies.get(start..).unwrap_or_default();
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        Ok(value.get(..end).unwrap_or_default())
    }

    fn read(&self, value: &[u8]) -> Result<(D, usize), Box<dyn Error>> {
        let buffer = self.keeper.open(value)?;
        let end = buffer.len().saturating_sub(K::SUFFIX);
        let payload = buffer.get(K::START..end).ok_or("too short")?;
        Ok((serde_cbor::from_slice(payload)?, payload.len()))
    }

    fn write(
        &self,
        data: &D,
        length: usize,
        value: Option<&[u8]>,
    ) -> Result<Option<HeaderValue>, Box<dyn Error>> {
        let mut buffer = Vec::with_capacity(K::START + length + 16 + K::SUFFIX);
        buffer.resize(K::START, 0);
        serde_cbor::to_writer(&mut buffer, data)?;
        let line = self.keeper.close(buffer, value)?;
        Ok(line.map(HeaderValue::from_maybe_shared).transpose()?)
    }
}

impl<D: Data, K: Keeper> Application for Primitives<D, K> {
    type Request = (String, String);
    type Answer = Option<HeaderValue>;

    fn request(&self, path: &str, cookies: &str) -> Result<Self::Request, Box<dyn Error>> {
        Ok((path.into(), cookies.into()))
    }

    async fn answer(&self, (path, cookies): Self::Request) -> Result<Self::Answer, Box<dyn Error>> {
        if path == "/begin" {
            return self.write(&D::sample(self.size), self.size.bytes(), None);
        }
        let value = self.value(cookies.as_bytes())?;
        let (mut data, length) = self.read(value)?;
        if path == "/read" {
            assert!(data.visits() > 0);
            return Ok(None);
        }
        data.visit();
        self.write(&data, length, Some(value))
    }

    fn set_cookies(answer: &Self::Answer) -> Result<Vec<String>, Box<dyn Error>> {
        let lines = answer.iter();
        lines.map(|line| Ok(line.to_str()?.to_owned())).collect()
    }
}

/// The line of a cookie with what a buffer holds.
fn line(buffer: &[u8]) -> Result<Bytes, Box<dyn Error>> {
    let length = buffer.len() / 3 * 4 + (buffer.len() % 3 * 4).div_ceil(3);
    let mut line = Vec::with_capacity(NAME.len() + length + ATTRIBUTES.len());
    line.extend_from_slice(NAME.as_bytes());
    line.resize(NAME.len() + length, 0);
    ENGINE.encode_slice(buffer, line.get_mut(NAME.len()..).unwrap_or_default())?;
    line.extend_from_slice(ATTRIBUTES.as_bytes());
    Ok(line.into())
}

fn decoded(value: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut buffer = Vec::with_capacity(value.len() / 4 * 3 + 3);
    ENGINE.decode_vec(value, &mut buffer)?;
    Ok(buffer)
}

const NAME: &str = "__Host-bench=";
const ATTRIBUTES: &str = "; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/";

/// Version, key ID; what the library writes in front of a message.
const HEADER: [u8; 5] = [1, 2, 3, 4, 5];
const NONCE: usize = 24;
/// Handle and deadlines; what the library writes in front of the data.
const META: usize = 38;

static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

struct Sealed(Xaes256Gcm);

impl Keeper for Sealed {
    const START: usize = HEADER.len() + NONCE + META;
    const SUFFIX: usize = 16;

    fn open(&self, value: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut buffer = decoded(value)?;
        let (header, rest) = buffer.split_at_mut_checked(HEADER.len()).ok_or("short")?;
        let (nonce, rest) = rest.split_at_mut_checked(NONCE).ok_or("short")?;
        let (text, tag) = rest.split_last_chunk_mut::<16>().ok_or("short")?;
        let tag: &Tag = (&*tag).into();
        self.0
            .decrypt_inout_detached(<&Nonce>::try_from(&*nonce)?, header, text.into(), tag)
            .map_err(|_| "not authentic")?;
        Ok(buffer)
    }

    fn close(
        &self,
        mut buffer: Vec<u8>,
        _: Option<&[u8]>,
    ) -> Result<Option<Bytes>, Box<dyn Error>> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let (prefix, text) = buffer
            .split_at_mut_checked(HEADER.len() + NONCE)
            .ok_or("short")?;
        let (header, place) = prefix.split_at_mut(HEADER.len());
        header.copy_from_slice(&HEADER);
        place.copy_from_slice(&nonce);
        let tag = self
            .0
            .encrypt_inout_detached(&nonce.into(), &HEADER, text.into())
            .map_err(|_| "not sealed")?;
        buffer.extend_from_slice(&tag);
        Ok(Some(line(&buffer)?))
    }
}

struct Signed(Hmac<Sha256>);

impl Keeper for Signed {
    const START: usize = HEADER.len() + META;
    const SUFFIX: usize = 32;

    fn open(&self, value: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let buffer = decoded(value)?;
        let (text, tag) = buffer.split_last_chunk::<32>().ok_or("short")?;
        self.0.clone().chain_update(text).verify(tag.into())?;
        Ok(buffer)
    }

    fn close(
        &self,
        mut buffer: Vec<u8>,
        _: Option<&[u8]>,
    ) -> Result<Option<Bytes>, Box<dyn Error>> {
        if let Some(place) = buffer.first_chunk_mut() {
            *place = HEADER;
        }
        let tag = self.0.clone().chain_update(&buffer).finalize();
        buffer.extend_from_slice(&tag.into_bytes());
        Ok(Some(line(&buffer)?))
    }
}

#[derive(Default)]
struct InMemory(RefCell<HashMap<[u8; 32], Vec<u8>>>);

impl InMemory {
    fn key(value: &[u8]) -> Result<[u8; 32], Box<dyn Error>> {
        Ok(Sha256::digest(decoded(value)?).into())
    }
}

impl Keeper for InMemory {
    const START: usize = 0;
    const SUFFIX: usize = 0;

    fn open(&self, value: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let sessions = self.0.borrow();
        Ok(sessions
            .get(&Self::key(value)?)
            .ok_or("no session")?
            .clone())
    }

    fn close(
        &self,
        buffer: Vec<u8>,
        value: Option<&[u8]>,
    ) -> Result<Option<Bytes>, Box<dyn Error>> {
        if let Some(value) = value {
            self.0.borrow_mut().insert(Self::key(value)?, buffer);
            return Ok(None);
        }
        let mut token = [0; 32];
        rand::rng().fill_bytes(&mut token);
        self.0
            .borrow_mut()
            .insert(Sha256::digest(token).into(), buffer);
        Ok(Some(line(&token)?))
    }
}
