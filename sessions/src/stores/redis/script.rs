use std::sync::LazyLock;

use redis::{Cmd, cmd};

/// What is to be done where nothing comes between its steps.
pub(super) struct Script {
    text: &'static str,
    /// What a server knows it by once it has seen the text.
    hash: String,
}

macro_rules! script {
    ($path:literal) => {
        LazyLock::new(|| {
            Script::new(concat!(
                include_str!("scripts/record.lua"),
                include_str!($path)
            ))
        })
    };
}

pub(super) static WRITE: LazyLock<Script> = script!("scripts/write.lua");
pub(super) static TOUCH: LazyLock<Script> = script!("scripts/touch.lua");
pub(super) static DELETE: LazyLock<Script> = script!("scripts/delete.lua");
pub(super) static ENLIST: LazyLock<Script> = script!("scripts/enlist.lua");

impl Script {
    fn new(text: &'static str) -> Self {
        Self {
            text,
            hash: redis::Script::new(text).get_hash().to_owned(),
        }
    }

    /// Runs it on a server that has seen it.
    pub(super) fn by_hash(&self, keys: &[&[u8]], arguments: &[&[u8]]) -> Cmd {
        call("EVALSHA", &self.hash, keys, arguments)
    }

    /// Runs it on a server that has not.
    pub(super) fn in_full(&self, keys: &[&[u8]], arguments: &[&[u8]]) -> Cmd {
        call("EVAL", self.text, keys, arguments)
    }
}

fn call(verb: &str, script: &str, keys: &[&[u8]], arguments: &[&[u8]]) -> Cmd {
    let mut command = cmd(verb);
    command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
    command
}
