//! Integers packed by `pco`: one chunk of statistics, and pages that are read each on its own.

use pco::wrapped::{ChunkDecompressor, FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DecompressorScratch, DeltaSpec, ModeSpec, PagingSpec};

use super::CodecError;
use super::bytes::{Bytes, put};

/// How hard to look for a good code; higher gains little.
const LEVEL: usize = 8;

/// Packed integers: the statistics that all pages need, and the pages.
pub(super) struct Packed {
    pub(super) chunk: Vec<u8>,
    pub(super) pages: Vec<Vec<u8>>,
}

/// Few different values that come again and again, as hashes of names do, are packed as a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    Quantities,
    Names,
}

/// Packs `numbers` into pages of so many each, of which there must be at least one, and none empty.
pub(super) fn pack(numbers: &[i64], pages: &[usize], nature: Nature) -> Result<Packed, CodecError> {
    let config = ChunkConfig::default()
        .with_compression_level(LEVEL)
        // what comes before has been predicted already
        .with_delta_spec(DeltaSpec::NoOp)
        .with_mode_spec(if nature == Nature::Names { ModeSpec::TryDict } else { ModeSpec::Auto })
        .with_paging_spec(PagingSpec::Exact(pages.to_vec()));
    let mut compressor =
        FileCompressor::default().chunk_compressor(numbers, &config).map_err(CodecError::packing)?;
    let mut chunk = Vec::new();
    FileCompressor::default().write_header(&mut chunk).map_err(CodecError::packing)?;
    compressor.write_meta(&mut chunk).map_err(CodecError::packing)?;
    let mut page = |number| {
        let mut bytes = Vec::new();
        compressor.write_page(number, &mut bytes).map_err(CodecError::packing)?;
        Ok(bytes)
    };
    let pages = (0..pages.len()).map(&mut page).collect::<Result<_, CodecError>>()?;
    Ok(Packed { chunk, pages })
}

/// Appends `numbers`, packed in one page; nothing when there are none.
pub(super) fn put_numbers(out: &mut Vec<u8>, numbers: &[i64], nature: Nature) -> Result<(), CodecError> {
    if numbers.is_empty() {
        return Ok(());
    }
    let packed = pack(numbers, &[numbers.len()], nature)?;
    for part in std::iter::once(&packed.chunk).chain(&packed.pages) {
        put(out, part.len() as u64);
        out.extend(part);
    }
    Ok(())
}

/// The `count` integers that come next.
pub(super) fn numbers(
    bytes: &mut Bytes<'_>,
    count: usize,
    scratch: &mut DecompressorScratch,
) -> Result<Vec<i64>, CodecError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let (chunk, page) = (bytes.part()?, bytes.part()?);
    Unpacker::new(chunk)?.page(page, count, scratch)
}

/// The statistics of packed integers, ready to unpack pages.
pub(super) struct Unpacker(ChunkDecompressor<i64>);

impl Unpacker {
    pub(super) fn new(chunk: &[u8]) -> Result<Self, CodecError> {
        let (file, rest) = FileDecompressor::new(chunk).map_err(|_| CodecError::Malformed)?;
        let (chunk, _) = file.chunk_decompressor(rest).map_err(|_| CodecError::Malformed)?;
        Ok(Self(chunk))
    }

    /// The `count` integers of a page.
    pub(super) fn page(
        &self,
        page: &[u8],
        count: usize,
        scratch: &mut DecompressorScratch,
    ) -> Result<Vec<i64>, CodecError> {
        let mut numbers = vec![0; count];
        self.0
            .page_decompressor_with_scratch(page, count, scratch)
            .and_then(|mut page| page.read(&mut numbers))
            .map_err(|_| CodecError::Malformed)?;
        Ok(numbers)
    }
}
