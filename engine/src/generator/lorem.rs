//! Filler text in Latin words, plain and as Markdown.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use fake::locales::{Data, EN};

use super::draft::{Draft, Piece, Pool, draft};
use super::draw::{Chain, choose, write_capitalized, write_number};
use super::internet::WORDS;
use super::{Arguments, Bound, Generator};
use crate::entropy::Stream;
use crate::error::Result;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

const fn minimum(default: &'static str) -> Parameter {
    Parameter {
        name: "minimum",
        parameter_type: ParameterType::Integer,
        default: Some(default),
        summary: "Least count, 1 to 1000.",
    }
}

const fn maximum(default: &'static str) -> Parameter {
    Parameter {
        name: "maximum",
        parameter_type: ParameterType::Integer,
        default: Some(default),
        summary: "Greatest count, minimum to 1000.",
    }
}

/// Writes so many parts.
type WriteParts = fn(u64, &mut Chain, &mut dyn Write) -> fmt::Result;

/// A generator of so many words, lines or the like; the argument's first pair is the least and
/// greatest count where none is given.
const fn counted(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    bind: fn(&Arguments<'_>) -> Result<Bound>,
) -> Generator {
    Generator::bound(name, summary, parameters, ColumnType::Text, bind)
}

fn bind(arguments: &Arguments<'_>, write: WriteParts) -> Result<Bound> {
    let least = arguments.integer("minimum", 1..=1000)?;
    let most = arguments.integer("maximum", least..=1000)?;
    let (least, most) = (least.unsigned_abs(), most.unsigned_abs());
    Ok(Bound::text(move |e, out| {
        let mut draws = Chain::new(e);
        let count = draws.between(least, most);
        write(count, &mut draws, out)
    }))
}

pub(super) const ENTRIES: &[Generator] = &[
    counted(
        "markdown",
        "Markdown document: a heading, paragraphs, a list and a link to example.com.",
        &[minimum("2"), maximum("4")],
        |arguments| bind(arguments, document),
    ),
    counted(
        "markdown_block_quote",
        "Markdown block quote of some lines, one Latin sentence each.",
        &[minimum("1"), maximum("3")],
        |arguments| {
            bind(arguments, |count, draws, out| {
                lines(count, "> ", draws, out)
            })
        },
    ),
    Generator::text(
        "markdown_bold",
        "Latin word in bold, as Markdown.",
        |e, out| write_wrapped("**", e, out),
    ),
    counted(
        "markdown_bullet_points",
        "Markdown list with bullets, one Latin sentence each.",
        &[minimum("3"), maximum("6")],
        |arguments| {
            bind(arguments, |count, draws, out| {
                lines(count, "- ", draws, out)
            })
        },
    ),
    counted(
        "markdown_code",
        "Markdown code block of some lines.",
        &[minimum("2"), maximum("6")],
        |arguments| bind(arguments, code),
    ),
    Generator::text(
        "markdown_italic",
        "Latin word in italics, as Markdown.",
        |e, out| write_wrapped("*", e, out),
    ),
    Generator::text(
        "markdown_link",
        "Markdown link of a Latin word to a page under example.com (RFC 2606).",
        |e, out| link(&mut Chain::new(e), out),
    ),
    counted(
        "markdown_numbered_list",
        "Markdown list with numbers, one Latin sentence each.",
        &[minimum("3"), maximum("6")],
        |arguments| bind(arguments, numbered_list),
    ),
    counted(
        "paragraph",
        "Paragraph of Latin sentences.",
        &[minimum("3"), maximum("6")],
        |arguments| bind(arguments, sentences),
    ),
    counted(
        "paragraphs",
        "Paragraphs of three to six Latin sentences, an empty line between them.",
        &[minimum("2"), maximum("4")],
        |arguments| bind(arguments, paragraphs),
    ),
    counted(
        "sentence",
        "Sentence of Latin words.",
        &[minimum("4"), maximum("10")],
        |arguments| bind(arguments, sentence),
    ),
    counted(
        "sentences",
        "Latin sentences of four to ten words.",
        &[minimum("2"), maximum("4")],
        |arguments| bind(arguments, sentences),
    ),
    Generator::text("word", "Latin word, in lower case.", |e, out| {
        out.write_str(choose(EN::LOREM_WORD, e))
    }),
    counted(
        "words",
        "Latin words in lower case, with spaces between them.",
        &[minimum("3"), maximum("6")],
        |arguments| bind(arguments, words),
    ),
];

fn words(count: u64, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    for i in 0..count {
        if i > 0 {
            out.write_str(" ")?;
        }
        out.write_str(draws.choose(EN::LOREM_WORD))?;
    }
    Ok(())
}

fn sentence(count: u64, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    write_capitalized(draws.choose(EN::LOREM_WORD), out)?;
    // No comma next to an end.
    let comma = if count > 6 {
        draws.between(2, count - 3)
    } else {
        0
    };
    for i in 1..count {
        out.write_str(if i == comma { ", " } else { " " })?;
        out.write_str(draws.choose(EN::LOREM_WORD))?;
    }
    out.write_str(".")
}

/// How many sentences longer texts are put together of: a paragraph of four has as many forms as a
/// word of 40 bits, and is written by the sentence rather than by the word. More would not stay in the
/// processor's caches.
const SENTENCES: u64 = 1 << 10;

/// Those sentences, of four to ten words, and the words.
struct Usual {
    pool: Pool,
    sentences: Vec<Piece>,
    /// Of Latin.
    words: Vec<Piece>,
    /// The same with a capital.
    capitalized: Vec<Piece>,
    /// Of addresses.
    parts: Vec<Piece>,
}

static USUAL: LazyLock<Usual> = LazyLock::new(|| {
    let mut pool = Pool::default();
    let stream = Stream::new(0, "lorem", "sentence");
    let sentences = (0..SENTENCES)
        .map(|index| {
            pool.add(|text| {
                let mut draws = Chain::new(stream.draw(index));
                // A String accepts every write.
                let _ = sentence(draws.between(4, 10), &mut draws, text);
            })
        })
        .collect();
    let capitalized = EN::LOREM_WORD
        .iter()
        .map(|word| {
            pool.add(|text| {
                let _ = write_capitalized(word, text);
            })
        })
        .collect();
    Usual {
        sentences,
        capitalized,
        words: pool.add_all("", EN::LOREM_WORD, ""),
        parts: pool.add_all("", WORDS, ""),
        pool: pool.closed(),
    }
});

/// Writes parts made of usual sentences.
fn of_usual(out: &mut dyn Write, make: impl FnOnce(&Usual, &mut Draft<'_>)) -> fmt::Result {
    let usual = &*USUAL;
    draft(&usual.pool, out, |out| make(usual, out))
}

impl Usual {
    #[inline]
    fn sentence(&self, draws: &mut Chain, out: &mut Draft<'_>) {
        out.push::<96>(draws.choose(&self.sentences));
    }

    #[inline]
    fn sentences(&self, count: u64, draws: &mut Chain, out: &mut Draft<'_>) {
        for i in 0..count {
            if i > 0 {
                out.push_str(" ");
            }
            self.sentence(draws, out);
        }
    }

    fn paragraphs(&self, count: u64, draws: &mut Chain, out: &mut Draft<'_>) {
        for i in 0..count {
            if i > 0 {
                out.push_str("\n\n");
            }
            self.sentences(draws.between(3, 6), draws, out);
        }
    }

    fn lines(&self, count: u64, mark: &str, draws: &mut Chain, out: &mut Draft<'_>) {
        for i in 0..count {
            if i > 0 {
                out.push_str("\n");
            }
            out.push_str(mark);
            self.sentence(draws, out);
        }
    }

    fn link(&self, draws: &mut Chain, out: &mut Draft<'_>) {
        out.push_str("[");
        out.push::<16>(draws.choose(&self.words));
        out.push_str("](https://www.example.com/");
        out.push::<16>(draws.choose(&self.parts));
        out.push_str("/");
        out.push::<16>(draws.choose(&self.parts));
        out.push_str(")");
    }

    fn document(&self, count: u64, draws: &mut Chain, out: &mut Draft<'_>) {
        out.push_str("# ");
        out.push::<16>(draws.choose(&self.capitalized));
        for _ in 0..2 {
            out.push_str(" ");
            out.push::<16>(draws.choose(&self.words));
        }
        out.push_str("\n\n");
        self.paragraphs(count, draws, out);
        out.push_str("\n\n");
        self.lines(3, "- ", draws, out);
        out.push_str("\n\n");
        self.link(draws, out);
    }
}

fn sentences(count: u64, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    of_usual(out, |usual, out| usual.sentences(count, draws, out))
}

fn paragraphs(count: u64, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    of_usual(out, |usual, out| usual.paragraphs(count, draws, out))
}

fn lines(count: u64, mark: &str, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    of_usual(out, |usual, out| usual.lines(count, mark, draws, out))
}

fn link(draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    of_usual(out, |usual, out| usual.link(draws, out))
}

fn document(count: u64, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    of_usual(out, |usual, out| usual.document(count, draws, out))
}

fn numbered_list(count: u64, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    of_usual(out, |usual, out| {
        for i in 1..=count {
            if i > 1 {
                out.push_str("\n");
            }
            out.push_str(itoa::Buffer::new().format(i));
            out.push_str(". ");
            usual.sentence(draws, out);
        }
    })
}

fn write_wrapped(mark: &str, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(mark)?;
    out.write_str(choose(EN::LOREM_WORD, entropy))?;
    out.write_str(mark)
}

fn code(count: u64, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    out.write_str("```")?;
    for _ in 0..count {
        out.write_str("\nlet ")?;
        out.write_str(draws.choose(WORDS))?;
        out.write_str(" = ")?;
        out.write_str(draws.choose(WORDS))?;
        out.write_str("(")?;
        write_number(draws.below(100), out)?;
        out.write_str(");")?;
    }
    out.write_str("\n```")
}

#[cfg(test)]
mod tests {
    use crate::generator::find;

    #[test]
    fn counts_are_those_asked() {
        let value = |name: &str, count: &str| {
            let arguments = [("minimum", count), ("maximum", count)];
            find(name).unwrap().bind(&arguments).unwrap().value(3)
        };
        assert_eq!(value("words", "7").split(' ').count(), 7);
        assert_eq!(value("sentence", "9").split(' ').count(), 9);
        assert_eq!(value("sentences", "5").matches('.').count(), 5);
        assert_eq!(value("paragraphs", "3").split("\n\n").count(), 3);
        assert_eq!(value("markdown_bullet_points", "4").lines().count(), 4);
        assert_eq!(value("markdown_code", "2").lines().count(), 4);
        assert!(value("markdown_numbered_list", "12").contains("\n12. "));
    }
}
