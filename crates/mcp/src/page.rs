//! Pages of a list, and the cursors between them.
//!
//! A cursor is opaque to clients and names its list and where the next page begins. It holds no
//! secret and no state: one that was made up can only ask for a part of a list the caller may see
//! in full anyway, and one that fits no page is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::failure::Failure;

/// One page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

/// The page of `items` at which `cursor` points, or the first.
///
/// # Errors
/// −32602 for a cursor of another list, or one that points outside of this one.
pub(crate) fn page_of<T>(
    mut items: Vec<T>,
    list: &str,
    cursor: Option<&str>,
    size: usize,
) -> Result<Page<T>, Failure> {
    let start = match cursor {
        None => 0,
        Some(cursor) => start_of(cursor, list)
            .filter(|start| (1..items.len()).contains(start))
            .ok_or_else(Failure::invalid_cursor)?,
    };
    let end = start.saturating_add(size.max(1));
    let next_cursor = (end < items.len()).then(|| URL_SAFE_NO_PAD.encode(format!("{list}:{end}")));
    items.truncate(end);
    items.drain(..start);
    Ok(Page { items, next_cursor })
}

/// Only what we would have written ourselves is read: `tools:100`, not `tools:+100` or `tools:0100`.
fn start_of(cursor: &str, list: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let digits = text.strip_prefix(list)?.strip_prefix(':')?;
    let start: usize = digits.parse().ok()?;
    (start.to_string() == digits).then_some(start)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_that_fits_has_no_cursor() {
        let page = page_of(vec![1, 2, 3], "tools", None, 3).unwrap();
        assert_eq!((page.items, page.next_cursor), (vec![1, 2, 3], None));
        assert_eq!(
            page_of(Vec::<u8>::new(), "tools", None, 3)
                .unwrap()
                .next_cursor,
            None
        );
    }

    #[test]
    fn made_up_foreign_and_worn_out_cursors_are_refused() {
        let cursor = page_of(vec![0; 9], "tools", None, 5)
            .unwrap()
            .next_cursor
            .unwrap();
        assert!(page_of(vec![0; 9], "tools", Some(&cursor), 5).is_ok());
        assert!(page_of(vec![0; 9], "prompts", Some(&cursor), 5).is_err());
        assert!(page_of(vec![0; 5], "tools", Some(&cursor), 5).is_err());
        for text in [
            "tools:0",
            "tools:9",
            "tools:+5",
            "tools:05",
            "tools:-1",
            "tools:",
            "tools:99999999999999999999",
        ] {
            let cursor = URL_SAFE_NO_PAD.encode(text);
            assert!(
                page_of(vec![0; 9], "tools", Some(&cursor), 5).is_err(),
                "{text}"
            );
        }
        for cursor in ["", "5", "not base64!", "dG9vbHM6NQ==", "/w"] {
            let failure = page_of(vec![0; 9], "tools", Some(cursor), 5).unwrap_err();
            assert_eq!(failure.error.code.0, -32602, "{cursor}");
        }
    }

    proptest! {
        #[test]
        fn following_the_cursors_gives_every_item_once_and_in_order(len in 0usize..300, size in 0usize..50) {
            let all: Vec<usize> = (0..len).collect();
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let page = page_of(all.clone(), "tools", cursor.as_deref(), size).unwrap();
                prop_assert!(page.items.len() <= size.max(1));
                seen.extend(page.items);
                match page.next_cursor {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
            prop_assert_eq!(seen, all);
        }

        #[test]
        fn only_cursors_we_could_have_written_are_read(cursor in "\\PC*|[A-Za-z0-9_-]{1,16}") {
            let page = page_of(vec![0; 9], "tools", Some(&cursor), 5);
            let ours = (1..9).any(|at| cursor == URL_SAFE_NO_PAD.encode(format!("tools:{at}")));
            prop_assert_eq!(page.is_ok(), ours);
        }
    }
}
