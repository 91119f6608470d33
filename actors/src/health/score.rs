//! The score, computed from the penalties of the findings.

/// The score and the points that each finding takes, in the given order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Penalties {
    /// 0 to 100.
    pub score: u8,
    /// They sum to 100 - score.
    pub penalties: Vec<u8>,
}

/// Each finding takes its percentage of the remaining score, so many small ones never take everything, and the order does
/// not matter for the score: `100 x (1 - p1/100) x (1 - p2/100) ..`, rounded. A finding's penalty is the
/// difference that it makes to the rounded score.
#[must_use]
pub fn score(percentages: &[f64]) -> Penalties {
    let mut order: Vec<usize> = (0..percentages.len()).collect();
    // the highest percentage first; equal ones in the given order
    order.sort_by(|&a, &b| percentages[b].total_cmp(&percentages[a]));
    let (mut left, mut score) = (100.0_f64, 100_u8);
    let mut penalties = vec![0; percentages.len()];
    for place in order {
        left *= 1.0 - percentages[place].clamp(0.0, 100.0) / 100.0;
        let now = rounded(left).min(score);
        penalties[place] = score - now;
        score = now;
    }
    Penalties { score, penalties }
}

fn rounded(score: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
    let rounded = score.round().clamp(0.0, 100.0) as u8;
    rounded
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    use super::*;

    #[test]
    fn some_scores() {
        for (percentages, expected, penalties) in [
            (vec![], 100, vec![]),
            (vec![0.0], 100, vec![0]),
            (vec![10.0], 90, vec![10]),
            (vec![10.0, 50.0], 45, vec![5, 50]),
            (vec![100.0, 30.0], 0, vec![100, 0]),
            (vec![50.0, 50.0, 50.0], 13, vec![50, 25, 12]),
        ] {
            let Penalties { score, penalties: found } = score(&percentages);
            assert_eq!((score, found), (expected, penalties), "{percentages:?}");
        }
    }

    /// The penalties account for the whole distance to 100; the order changes nothing; one finding more never helps.
    #[test]
    fn every_lost_point_is_accounted_for() {
        let mut random = StdRng::seed_from_u64(6);
        for _ in 0..20_000 {
            let count = random.random_range(0..40);
            let mut percentages: Vec<f64> = (0..count).map(|_| random.random_range(0.0..101.0)).collect();
            let found = score(&percentages);
            let lost: u32 = found.penalties.iter().map(|&penalty| u32::from(penalty)).sum();
            assert_eq!(lost, 100 - u32::from(found.score), "{percentages:?}");
            let more = [&percentages[..], &[random.random_range(0.0..101.0)]].concat();
            assert!(score(&more).score <= found.score, "{more:?}");
            percentages.reverse();
            assert_eq!(score(&percentages).score, found.score, "{percentages:?}");
        }
    }
}
