//! One column of 64-bit integers, most of which are small, equal, zero or not known.

use basira_actors::model::NULL;

use super::CodecError;
use super::bytes::{Bytes, put_signed};

const ALL_NULL: u8 = 0;
const ALL_ZERO: u8 = 1;
const DENSE: u8 = 2;
const SPARSE: u8 = 3;

pub(super) fn put_column(out: &mut Vec<u8>, values: &[i64]) {
    let nulls = values.iter().filter(|&&value| value == NULL).count();
    if nulls == values.len() {
        out.push(ALL_NULL);
    } else if nulls > 0 {
        out.push(SPARSE);
        put_presence(out, values);
        values.iter().filter(|&&value| value != NULL).for_each(|&value| put_signed(out, value));
    } else if values.iter().all(|&value| value == 0) {
        out.push(ALL_ZERO);
    } else {
        out.push(DENSE);
        values.iter().for_each(|&value| put_signed(out, value));
    }
}

/// One bit per value: set where it is known.
fn put_presence(out: &mut Vec<u8>, values: &[i64]) {
    for eight in values.chunks(8) {
        let bits = eight.iter().enumerate().map(|(bit, &value)| u8::from(value != NULL) << bit);
        out.push(bits.fold(0, |all, bit| all | bit));
    }
}

pub(super) fn column(bytes: &mut Bytes<'_>, rows: usize) -> Result<Vec<i64>, CodecError> {
    match bytes.byte()? {
        ALL_NULL => Ok(vec![NULL; rows]),
        ALL_ZERO => Ok(vec![0; rows]),
        DENSE => (0..rows).map(|_| bytes.signed()).collect(),
        SPARSE => {
            let presence = bytes.take(rows.div_ceil(8))?;
            (0..rows)
                .map(|row| if presence[row / 8] >> (row % 8) & 1 == 1 { bytes.signed() } else { Ok(NULL) })
                .collect()
        }
        _ => Err(CodecError::Malformed),
    }
}

/// `wanted` columns of `rows`: those that a blob does not have yet are not known, those of a newer one are left out.
pub(super) fn columns(
    bytes: &mut Bytes<'_>,
    stored: usize,
    wanted: usize,
    rows: usize,
) -> Result<Vec<Vec<i64>>, CodecError> {
    let mut columns = (0..stored).map(|_| column(bytes, rows)).collect::<Result<Vec<_>, _>>()?;
    columns.resize_with(wanted, || vec![NULL; rows]);
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use basira_actors::model::NULL;

    use super::{Bytes, column, put_column};

    #[test]
    fn every_shape_is_decoded_as_encoded() {
        let shapes: [&[i64]; 7] = [
            &[],
            &[NULL, NULL],
            &[0, 0, 0],
            &[1, -1, i64::MAX, i64::MIN + 1],
            &[NULL, 0, 5],
            &[0, 0, 0, 0, 0, 0, 0, 0, NULL],
            &[7, NULL, 7, NULL, 7, NULL, 7, NULL, 7, NULL, 7],
        ];
        for values in shapes {
            let mut out = Vec::new();
            put_column(&mut out, values);
            assert_eq!(column(&mut Bytes(&out), values.len()).unwrap(), values);
        }
    }
}
