//! The beginning of each line of a log in plain text, as `log_line_prefix` sets it.

/// A parsed `log_line_prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinePrefix(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Database,
    /// A value that may be any text.
    Value,
}

impl LinePrefix {
    pub(super) fn parse(setting: &str) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = setting.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                literal.push(character);
                continue;
            }
            // the width to which a value is padded
            let escape = characters.find(|c| !c.is_ascii_digit() && *c != '-');
            match escape {
                Some('%') => literal.push('%'),
                // only processes without a session stop there
                Some('q') | None => {}
                Some(escape) => {
                    parts.extend((!literal.is_empty()).then(|| Part::Literal(std::mem::take(&mut literal))));
                    parts.push(if escape == 'd' { Part::Database } else { Part::Value });
                }
            }
        }
        parts.extend((!literal.is_empty()).then_some(Part::Literal(literal)));
        Self(parts)
    }

    /// Whether lines name the database.
    pub(super) fn has_database(&self) -> bool {
        self.0.contains(&Part::Database)
    }

    /// Whether the database in `line` is `database`. `line` ends before the message: `u@shop LOG:  `.
    pub(super) fn names(&self, line: &str, database: &str) -> bool {
        // where what was read so far may end
        let mut ends = vec![0];
        for part in &self.0 {
            ends = match part {
                Part::Literal(literal) => after(line, &ends, literal),
                Part::Database => {
                    let names = after(line, &with_spaces(line, &ends), database);
                    with_spaces(line, &names)
                }
                Part::Value => {
                    let from = ends.first().copied().unwrap_or(line.len() + 1);
                    (from..=line.len()).filter(|end| line.is_char_boundary(*end)).collect()
                }
            };
        }
        ends.iter().any(|end| is_severity(&line[*end..]))
    }
}

/// Where `literal` ends when it begins at one of `starts`, which are in order.
fn after(line: &str, starts: &[usize], literal: &str) -> Vec<usize> {
    let begins = |start: &&usize| line[**start..].starts_with(literal);
    starts.iter().filter(begins).map(|start| start + literal.len()).collect()
}

/// `starts`, which are in order, and where each of the spaces after them ends. Takes time linear in the length of `line`.
fn with_spaces(line: &str, starts: &[usize]) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::with_capacity(starts.len());
    for &start in starts {
        // spaces that an earlier start reached end where they end from here
        if ends.last().is_some_and(|last| start <= *last) {
            continue;
        }
        let count = line[start..].bytes().take_while(|byte| *byte == b' ').count();
        ends.extend(start..=start + count);
    }
    ends
}

/// Whether `rest` is what stands between the prefix and the message, in the language of the server: `LOG:  `.
fn is_severity(rest: &str) -> bool {
    rest.trim_end().strip_suffix(':').is_some_and(|word| word.trim_end().chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::LinePrefix;

    #[test]
    fn only_the_field_of_the_database_decides() {
        for (prefix, line, database, expected) in [
            ("%m [%p] %q%u@%d ", "2026-01-01 10:00:00.123 UTC [17] shop@shop_test LOG:  ", "shop", false),
            ("%m [%p] %q%u@%d ", "2026-01-01 10:00:00.123 UTC [17] shop@shop_test LOG:  ", "shop_test", true),
            ("%m [%p] %q%u@%d ", "2026-01-01 10:00:00.123 UTC [17] other@shop LOG:  ", "shop", true),
            ("%m [%p] %q%u@%d ", "2026-01-01 10:00:00.123 UTC [17] shop@other LOG:  ", "shop", false),
            ("db=%d,user=%u,app=%a: ", "db=other,user=shop,app=db=shop,user=x,app=y: LOG:  ", "shop", false),
            ("[%-10d] %%%u: ", "[shop      ] %u: LOG:  ", "shop", true),
            ("[%10d] ", "[      shop] LOG:  ", "shop", true),
            ("[%10d] ", "[  pet shop] LOG:  ", "shop", false),
            ("%d@%a ", "shop@my shop app \u{65e5}\u{5fd7}:  ", "shop", true),
            ("%u %d", "a shop_testLOG:  ", "shop", false),
        ] {
            assert_eq!(
                LinePrefix::parse(prefix).names(line, database),
                expected,
                "{prefix} {line} {database}"
            );
        }
    }
}
