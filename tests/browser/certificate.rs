use std::{fs, path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, KeyPair, PublicKeyData as _, generate_simple_self_signed};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use sessions_tests::Folder;
use sha2::{Digest as _, Sha256};

/// A certificate that nobody signed, and that a browser accepts by its key: otherwise as any, so that caches and cookies are as they always are.
pub(crate) struct Certificate {
    made: CertifiedKey<KeyPair>,
    folder: Folder,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        let names = ["test", "*.test", "*.shop.test"].map(str::to_owned);
        let made = generate_simple_self_signed(names).unwrap();
        let folder = Folder::new();
        fs::write(folder.path().join("chain.pem"), made.cert.pem()).unwrap();
        let key = made.signing_key.serialize_pem();
        fs::write(folder.path().join("key.pem"), key).unwrap();
        Self { made, folder }
    }

    /// What the browser is told to accept: the hash of its public key.
    pub(crate) fn fingerprint(&self) -> String {
        STANDARD.encode(Sha256::digest(
            self.made.signing_key.subject_public_key_info(),
        ))
    }

    pub(crate) fn chain_file(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// For a server in this process.
    pub(crate) fn server_config(&self) -> ServerConfig {
        let chain = vec![self.made.cert.der().clone()];
        let key = self.made.signing_key.serialize_der();
        let key = PrivateKeyDer::try_from(key).unwrap();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}
