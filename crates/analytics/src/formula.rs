//! A formula over series: what it says, and its value where each series has one.
//!
//! Letters name series in their order. `+ - * / ^ %` and their spellings `− × ÷ mod pow`, parentheses, numbers, and the functions
//! listed in [`FUNCTIONS`]. What has no value (a division by 0, a root of a negative number) is null. It is read once into a tree no
//! deeper than [`MOST_DEPTH`] and evaluated without recursion beyond that.

use crate::failure::Mistake;
use crate::nearest::{did_you_mean, listed};

/// The rule of `formula`, for the reference.
pub(crate) const RULE: &str = "`formula` combines the series by their letters (the first is `A`): `+ - * / % ^`, parentheses, numbers, and `abs ceil floor round sqrt log exp pow mod min max`; per bucket, and over the totals. What has no value (a division by 0) is null.";

const MOST_CHARACTERS: usize = 1_000;
const MOST_DEPTH: usize = 50;

/// A function: its name, how many arguments it takes at least and at most, and what it does.
struct Function {
    name: &'static str,
    arguments: (usize, usize),
    apply: fn(&[f64]) -> f64,
}

const FUNCTIONS: [Function; 11] = [
    Function::of("abs", (1, 1), |x| x[0].abs()),
    Function::of("ceil", (1, 1), |x| x[0].ceil()),
    Function::of("floor", (1, 1), |x| x[0].floor()),
    Function::of("round", (1, 1), |x| x[0].round()),
    Function::of("sqrt", (1, 1), |x| x[0].sqrt()),
    Function::of("log", (1, 1), |x| x[0].ln()),
    Function::of("exp", (1, 1), |x| x[0].exp()),
    Function::of("pow", (2, 2), |x| x[0].powf(x[1])),
    Function::of("mod", (2, 2), |x| x[0] % x[1]),
    Function::of("min", (1, 26), |x| {
        x.iter().copied().fold(f64::INFINITY, f64::min)
    }),
    Function::of("max", (1, 26), |x| {
        x.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }),
];

impl Function {
    const fn of(name: &'static str, arguments: (usize, usize), apply: fn(&[f64]) -> f64) -> Self {
        Self {
            name,
            arguments,
            apply,
        }
    }
}

/// A formula that was understood.
pub(crate) struct Formula(Node);

enum Node {
    Number(f64),
    Series(usize),
    Apply(fn(&[f64]) -> f64, Vec<Node>),
}

impl Formula {
    /// The formula of that text, over `series` series.
    pub(crate) fn parse(text: &str, series: usize) -> Result<Self, Mistake> {
        let characters = text.chars().count();
        if characters > MOST_CHARACTERS {
            return Err(Mistake::new(format!(
                "`formula` has {characters} characters; {MOST_CHARACTERS} are the most."
            )));
        }
        let mut parser = Parser {
            rest: text.char_indices().peekable(),
            text,
            series,
            depth: 0,
        };
        let node = parser.sum()?;
        parser.space();
        match parser.rest.peek().copied() {
            None => Ok(Self(node)),
            Some((at, found)) => Err(parser.wrong(at, &format!("`{found}` is not expected"))),
        }
    }

    /// Its value where the n-th series has the n-th of `values`; none where that is no number.
    pub(crate) fn value(&self, values: &[Option<f64>]) -> Option<f64> {
        let value = self.0.value(values)?;
        value.is_finite().then_some(value)
    }
}

impl Node {
    fn value(&self, values: &[Option<f64>]) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Series(place) => values.get(*place).copied().flatten(),
            Self::Apply(apply, nodes) => {
                let arguments: Option<Vec<f64>> =
                    nodes.iter().map(|node| node.value(values)).collect();
                Some(apply(&arguments?))
            }
        }
    }
}

struct Parser<'t> {
    rest: std::iter::Peekable<std::str::CharIndices<'t>>,
    text: &'t str,
    series: usize,
    depth: usize,
}

impl Parser<'_> {
    fn sum(&mut self) -> Result<Node, Mistake> {
        let mut left = self.product()?;
        loop {
            left = match self.one_of("+-−") {
                Some('+') => apply(|x| x[0] + x[1], vec![left, self.product()?]),
                Some(_) => apply(|x| x[0] - x[1], vec![left, self.product()?]),
                None => return Ok(left),
            };
        }
    }

    fn product(&mut self) -> Result<Node, Mistake> {
        let mut left = self.signed()?;
        loop {
            left = match self.one_of("*/%×÷·") {
                Some('*' | '×' | '·') => apply(|x| x[0] * x[1], vec![left, self.signed()?]),
                Some('%') => apply(|x| x[0] % x[1], vec![left, self.signed()?]),
                Some(_) => apply(|x| x[0] / x[1], vec![left, self.signed()?]),
                None => return Ok(left),
            };
        }
    }

    fn signed(&mut self) -> Result<Node, Mistake> {
        match self.one_of("+-−") {
            Some('+') => self.deeper(Self::signed),
            Some(_) => Ok(apply(|x| -x[0], vec![self.deeper(Self::signed)?])),
            None => self.power(),
        }
    }

    fn power(&mut self) -> Result<Node, Mistake> {
        let base = self.atom()?;
        match self.one_of("^") {
            // To the right: 2^3^2 is 2^(3^2).
            Some(_) => Ok(apply(
                |x| x[0].powf(x[1]),
                vec![base, self.deeper(Self::signed)?],
            )),
            None => Ok(base),
        }
    }

    fn atom(&mut self) -> Result<Node, Mistake> {
        self.space();
        match self.rest.peek().copied() {
            Some((at, '(')) => {
                self.rest.next();
                let inner = self.deeper(Self::sum)?;
                self.close(at)?;
                Ok(inner)
            }
            Some((at, c)) if c.is_ascii_digit() || c == '.' => self.number(at),
            Some((at, c)) if c.is_ascii_alphabetic() => self.word(at),
            Some((at, c)) => Err(self.wrong(at, &format!("`{c}` is not expected"))),
            None => Err(self.wrong(self.text.len(), "something is missing")),
        }
    }

    fn number(&mut self, start: usize) -> Result<Node, Mistake> {
        let mut end = start;
        while let Some((at, c)) = self.rest.peek().copied() {
            if !(c.is_ascii_digit() || c == '.') {
                break;
            }
            end = at + 1;
            self.rest.next();
        }
        let written = &self.text[start..end];
        written
            .parse()
            .map(Node::Number)
            .map_err(|_| self.wrong(start, &format!("`{written}` is no number")))
    }

    fn word(&mut self, start: usize) -> Result<Node, Mistake> {
        let mut end = start;
        while let Some((at, c)) = self.rest.peek().copied() {
            if !c.is_ascii_alphanumeric() {
                break;
            }
            end = at + 1;
            self.rest.next();
        }
        let word = &self.text[start..end];
        if let [letter] = word.as_bytes() {
            return self.letter(start, *letter);
        }
        let name = word.to_ascii_lowercase();
        let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) else {
            let meant = did_you_mean(word, FUNCTIONS.iter().map(|function| function.name));
            return Err(self
                .wrong(start, &format!("`{word}` is no function"))
                .next(format!("{} Functions: {}.", meant.trim(), names()).trim()));
        };
        let arguments = self.arguments(start, word)?;
        let (least, most) = function.arguments;
        if arguments.len() < least || arguments.len() > most {
            return Err(self.wrong(
                start,
                &format!("`{word}` does not take {} arguments", arguments.len()),
            ));
        }
        Ok(Node::Apply(function.apply, arguments))
    }

    fn letter(&mut self, at: usize, letter: u8) -> Result<Node, Mistake> {
        let place = usize::from(letter.to_ascii_uppercase() - b'A');
        if place >= self.series {
            let last = char::from(b'A' + u8::try_from(self.series.max(1) - 1).unwrap_or(25));
            return Err(self.wrong(
                at,
                &format!(
                    "there is no series `{}`; the last one is `{last}`",
                    char::from(letter)
                ),
            ));
        }
        Ok(Node::Series(place))
    }

    fn arguments(&mut self, start: usize, word: &str) -> Result<Vec<Node>, Mistake> {
        if self.one_of("(").is_none() {
            return Err(self.wrong(
                start,
                &format!("`{word}` needs its arguments in parentheses"),
            ));
        }
        let mut arguments = vec![self.deeper(Self::sum)?];
        while self.one_of(",;").is_some() {
            arguments.push(self.deeper(Self::sum)?);
        }
        self.close(start)?;
        Ok(arguments)
    }

    fn close(&mut self, opened: usize) -> Result<(), Mistake> {
        match self.one_of(")") {
            Some(_) => Ok(()),
            None => Err(self.wrong(opened, "a parenthesis is not closed")),
        }
    }

    fn deeper(&mut self, inner: fn(&mut Self) -> Result<Node, Mistake>) -> Result<Node, Mistake> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(Mistake::new(format!(
                "`formula` is nested more than {MOST_DEPTH} deep."
            )));
        }
        let node = inner(self);
        self.depth -= 1;
        node
    }

    fn space(&mut self) {
        while self.rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
    }

    fn one_of(&mut self, wanted: &str) -> Option<char> {
        self.space();
        self.rest
            .next_if(|(_, c)| wanted.contains(*c))
            .map(|(_, c)| c)
    }

    fn wrong(&self, at: usize, what: &str) -> Mistake {
        let place = self.text[..at].chars().count() + 1;
        Mistake::new(format!("`formula`, character {place}: {what}."))
    }
}

fn apply(apply: fn(&[f64]) -> f64, nodes: Vec<Node>) -> Node {
    Node::Apply(apply, nodes)
}

fn names() -> String {
    listed(FUNCTIONS.iter().map(|function| function.name), 20)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;
    use proptest::prelude::*;

    fn value(text: &str) -> Option<f64> {
        Formula::parse(text, 3)
            .unwrap()
            .value(&[Some(6.0), Some(4.0), None])
    }

    #[test]
    fn formulas_follow_the_usual_order() {
        for (text, expected) in [
            ("A + B * 2", 14.0),
            ("(a + b) × 2", 20.0),
            ("A / B", 1.5),
            ("A − B − 1", 1.0),
            ("-A + 10", 4.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-2 ^ 2", -4.0),
            ("A % B", 2.0),
            ("max(A, B, 7) - min(A; B)", 3.0),
            ("round(sqrt(A * B))", 5.0),
            ("pow(B, 0.5) + abs(-1) + mod(7, 4)", 6.0),
            ("exp(log(A))", 6.0),
            ("A÷B*100", 150.0),
        ] {
            assert!((value(text).unwrap() - expected).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_none() {
        for text in [
            "A / 0",
            "sqrt(-A)",
            "log(0)",
            "A + C",
            "0 / 0",
            "pow(10, 400)",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let told = |text: &str| Formula::parse(text, 2).err().unwrap().text().to_owned();
        insta::assert_snapshot!(told("A +"), @"`formula`, character 4: something is missing.");
        insta::assert_snapshot!(told("A + C"), @"`formula`, character 5: there is no series `C`; the last one is `B`.");
        insta::assert_snapshot!(told("(A + B"), @"`formula`, character 1: a parenthesis is not closed.");
        insta::assert_snapshot!(told("A B"), @"`formula`, character 3: `B` is not expected.");
        insta::assert_snapshot!(told("rund(A)"), @"`formula`, character 1: `rund` is no function. Did you mean `round`? Functions: `abs`, `ceil`, `floor`, `round`, `sqrt`, `log`, `exp`, `pow`, `mod`, `min`, `max`.");
        insta::assert_snapshot!(told("pow(A)"), @"`formula`, character 1: `pow` does not take 1 arguments.");
        insta::assert_snapshot!(told("1.2.3"), @"`formula`, character 1: `1.2.3` is no number.");
        insta::assert_snapshot!(told("sqrt A"), @"`formula`, character 1: `sqrt` needs its arguments in parentheses.");
        insta::assert_snapshot!(told(&"(".repeat(60)), @"`formula` is nested more than 50 deep.");
        insta::assert_snapshot!(told(&"-".repeat(999)), @"`formula` is nested more than 50 deep.");
        insta::assert_snapshot!(told(&"A+".repeat(600)), @"`formula` has 1200 characters; 1000 are the most.");
        insta::assert_snapshot!(told("A; DROP TABLE events"), @"`formula`, character 2: `;` is not expected.");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-+*/%^().,0-9A-Ea-z ×÷é]{0,60}") {
            if let Ok(formula) = Formula::parse(&text, 5) {
                let _ = formula.value(&[Some(1.0), Some(0.0), None, Some(-3.5), Some(1e300)]);
            }
        }
    }
}
