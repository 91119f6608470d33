//! How `ZooKeeper` writes things down: big-endian numbers, and texts with their length before them.

/// What is left to read of a message; none when it is shorter than it should be.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn int(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    pub(super) fn bool(&mut self) -> Option<bool> {
        self.take().map(|[byte]| byte != 0)
    }

    pub(super) fn bytes(&mut self) -> Option<Vec<u8>> {
        // -1 stands for none
        let length = usize::try_from(self.int()?).unwrap_or(0);
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken.to_vec())
    }

    pub(super) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }
}

/// A message as it is written.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn int(mut self, value: i32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, value: i64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(super) fn bool(mut self, value: bool) -> Self {
        self.0.push(value.into());
        self
    }

    pub(super) fn bytes(self, value: &[u8]) -> Self {
        let mut written = self.int(value.len().try_into().expect("a short text"));
        written.0.extend(value);
        written
    }

    pub(super) fn all(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The whole message, its length first.
    pub(super) fn framed(self) -> Vec<u8> {
        Self::default().bytes(&self.0).0
    }
}
