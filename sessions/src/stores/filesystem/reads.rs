/// Where a [`FilesystemStore`](super::FilesystemStore) reads a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilesystemReads {
    /// On the thread that asks, for a record of up to 16 KiB; on a thread for blocking work beyond.
    ///
    /// A record that the operating system has in memory is read faster than another thread is woken. One that it has not holds up the other
    /// requests of that thread for as long as the disk takes: a tenth of a millisecond on a solid-state disk. The default.
    #[default]
    Direct,
    /// On a thread for blocking work: for a disk that turns or is reached over a network.
    Offloaded,
}
