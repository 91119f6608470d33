//! Properties of every rule.

use super::rules::{ALL, find};
use super::{EffectiveSettings, Measure, Need, document};
use crate::model::RuleSetting;

#[test]
fn ids_are_unique_ordered_and_those_of_their_files() {
    let ids: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    let list = include_str!("rules/mod.rs");
    for rule in ALL {
        let (category, name) = rule.id.split_once('.').unwrap();
        assert_eq!(category, rule.category.as_str(), "{}", rule.id);
        assert!(list.contains(&format!("&{category}_{name}::RULE")), "{}", rule.id);
    }
}

#[test]
fn every_rule_is_documented() {
    for rule in ALL {
        for text in [rule.description, rule.recommendation, rule.source] {
            assert!(text.len() > 10 && text.ends_with('.'), "{}: {text}", rule.id);
        }
        assert!(!rule.title.ends_with('.') && !rule.title.is_empty(), "{}", rule.id);
        assert!(!rule.investigate.is_empty() && !rule.fix.is_empty(), "{}", rule.id);
    }
}

#[test]
fn thresholds_and_curves_go_one_way() {
    for rule in ALL {
        let (threshold, curve) = (rule.threshold, rule.curve);
        let falling = rule.measure == Measure::Lowest;
        let ordered = |from: f64, to: f64| if falling { from >= to } else { from <= to };
        assert!(ordered(threshold.leave, threshold.enter), "{}: leaves before it enters", rule.id);
        assert!(curve.worst.is_infinite() || ordered(threshold.enter, curve.worst), "{}: worst", rule.id);
        assert!(curve.least <= curve.most && (0.0..=100.0).contains(&curve.most), "{}: penalties", rule.id);
    }
}

#[test]
fn rules_have_the_windows_that_their_needs_take() {
    for rule in ALL {
        let spans = rule.needs.iter().any(|need| !matches!(need, Need::Now(_)));
        // one without may still ask for how long something was counted
        assert!(!spans || !rule.window.is_zero(), "{}: window", rule.id);
        let compares = rule.needs.iter().any(|need| matches!(need, Need::Baseline(..)));
        assert_eq!(compares, !rule.baseline.is_zero(), "{}: baseline", rule.id);
    }
}

#[test]
fn the_page_is_that_of_the_rules() {
    let page = include_str!("../../../docs/rules.md");
    assert!(page == document(), "docs/rules.md is out of date: run `make rules`");
}

#[test]
fn a_configured_threshold_scales_the_leave_threshold() {
    let rule = find("connections.saturation").unwrap();
    let set = |threshold| EffectiveSettings::of(rule, RuleSetting { threshold, ..RuleSetting::default() });
    assert_eq!((set(None).enter, set(None).leave), (rule.threshold.enter, rule.threshold.leave));
    let half = set(Some(rule.threshold.enter / 2.0));
    assert!((half.leave - rule.threshold.leave / 2.0).abs() < 1e-9);
}
