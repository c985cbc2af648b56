//! The names somebody may have meant.

/// Up to three of `names` that resemble `given`, the likeliest first.
pub(crate) fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = fold(given);
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (resemblance(&wanted, &fold(name)), name))
        .filter(|(score, _)| *score >= 0.72)
        .collect();
    scored.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.cmp(other)));
    scored.dedup_by(|(_, one), (_, other)| one == other);
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// `given` as a clause: `Did you mean …?`, or nothing when nothing resembles it.
pub(crate) fn did_you_mean<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let found = nearest(given, names);
    if found.is_empty() {
        return String::new();
    }
    format!(" Did you mean {}?", one_of(found))
}

/// Names as `` `a`, `b` or `c` ``.
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::from("nothing"),
    }
}

/// Names as `` `a`, `b`, `c` ``, the first `most` of them and how many more there are.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if quoted.len() <= most {
        return quoted.join(", ");
    }
    format!(
        "{} and {} more",
        quoted[..most].join(", "),
        quoted.len() - most
    )
}

/// Letters and digits alone, so that `utmSource`, `utm_source` and `UTM source` are the same.
pub(crate) fn fold(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .take(100)
        .flat_map(char::to_lowercase)
        .collect()
}

fn resemblance(wanted: &str, name: &str) -> f64 {
    if wanted == name {
        return 2.0;
    }
    let contained =
        wanted.len() >= 3 && name.len() >= 3 && (name.contains(wanted) || wanted.contains(name));
    let similar = strsim::jaro_winkler(wanted, name)
        .max(strsim::normalized_damerau_levenshtein(wanted, name));
    if contained {
        similar.max(0.9)
    } else {
        similar - 0.08
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_finds_the_name() {
        let names = [
            "country",
            "city",
            "browser",
            "browser_version",
            "utm_source",
        ];
        assert_eq!(nearest("contry", names), ["country"]);
        assert_eq!(nearest("utmSource", names), ["utm_source"]);
        assert_eq!(nearest("browser", names), ["browser", "browser_version"]);
        assert!(nearest("zzz", names).is_empty());
    }

    #[test]
    fn names_are_told_as_a_sentence() {
        assert_eq!(
            did_you_mean("contry", ["country", "city"]),
            " Did you mean `country`?"
        );
        assert_eq!(did_you_mean("q", ["country"]), "");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(listed(["a", "b", "c"], 2), "`a`, `b` and 1 more");
    }
}
