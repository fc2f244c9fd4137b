/// What it takes for a [`FilesystemStore`](super::FilesystemStore) to lose a write that it has answered.
///
/// The death of the process, at any moment, is never enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilesystemDurability {
    /// A crash of the machine: writes are in the operating system's hands and reach the disk within seconds.
    ///
    /// After a power failure the last seconds of writes may be undone: sessions are missing or as they were before, one that was destroyed
    /// may be back. A file that was half on the disk reads as no record. The default.
    #[default]
    ProcessDeath,
    /// A broken disk: no write is answered before the disk has it (`fsync` of the file and of its folder).
    ///
    /// Costs milliseconds a write. For when a session that was destroyed must not come back even after a power failure.
    PowerFailure,
}
