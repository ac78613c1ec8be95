//! The order in which go-yaml v2 prints keys: numbers inside names count as numbers, letters come after other signs.

use std::cmp::Ordering;

/// Compares two keys. Not a total order in all corners (upstream's is not either), so callers sort stably from byte order.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(x, y)| x != y) else { return a.len().cmp(&b.len()) };
    let (x, y) = (a[at], b[at]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero in the middle of a number is not a leading zero.
    let follows_digit = a[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let start = u64::from((x == '0' || y == '0') && follows_digit);
    let (number_a, digits_a) = leading_number(&a[at..], start);
    let (number_b, digits_b) = leading_number(&b[at..], start);
    number_a.cmp(&number_b).then(digits_a.cmp(&digits_b)).then(x.cmp(&y))
}

fn leading_number(text: &[char], start: u64) -> (u64, usize) {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let value = text[..digits].iter().filter_map(|c| c.to_digit(10));
    (value.fold(start, |number, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit))), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_keys_count_as_numbers() {
        for (smaller, larger) in
            [("a2", "a10"), ("a", "b"), ("A", "a"), ("a-b", "ab"), ("a.b", "a/b"), ("a", "aa"), ("1", "a")]
        {
            assert_eq!(compare(smaller, larger), Ordering::Less, "{smaller} {larger}");
            assert_eq!(compare(larger, smaller), Ordering::Greater, "{larger} {smaller}");
        }
    }
}
