//! What people call themselves and their organizations, in a mail to somebody who may not know them.

/// More of a name is of no use in a mail, but to write something else there.
const MOST_CHARACTERS: usize = 80;

/// `name` as text that no mail program makes a link of: one line, and dots within an address in brackets.
pub(super) fn safe_name(name: &str) -> String {
    let visible: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let visible: String = visible.chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<String> = visible.split_whitespace().map(without_address).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// `shop.example` becomes `shop[.]example`, and `https://` goes.
fn without_address(word: &str) -> String {
    let word = word.replace("://", " ");
    let characters: Vec<char> = word.chars().collect();
    let mut text = String::with_capacity(word.len());
    for (place, &character) in characters.iter().enumerate() {
        let joins = |from: usize| characters.get(from).is_some_and(|next| next.is_alphanumeric());
        // "J. R. Hartley" and "Acme Inc." are names: a domain goes on after its dot
        if character == '.' && place > 0 && joins(place - 1) && joins(place + 1) && joins(place + 2) {
            text.push_str("[.]");
        } else {
            text.push(character);
        }
    }
    text
}

/// Characters that take no room, or turn the direction of what follows.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn names_stay_and_addresses_are_no_links() {
        for (name, shown) in [
            ("Ada Lovelace", "Ada Lovelace"),
            ("J. R. Hartley, Acme Inc.", "J. R. Hartley, Acme Inc."),
            ("AC/DC 2.0", "AC/DC 2.0"),
            ("Söhne & Töchter", "Söhne & Töchter"),
            ("You won: https://evil.example/win", "You won: https evil[.]example/win"),
            ("www.evil.co.uk", "www[.]evil[.]co[.]uk"),
            ("ada@shop.example", "ada@shop[.]example"),
            ("evil\u{200b}.com", "evil[.]com"),
            ("a\r\nBcc: b", "a Bcc: b"),
            ("\u{202e}txt", "txt"),
        ] {
            assert_eq!(safe_name(name), shown);
        }
        assert_eq!(safe_name(&"long ".repeat(40)).chars().count(), 83);
    }
}
