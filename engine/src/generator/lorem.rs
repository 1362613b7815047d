//! Filler text in Latin words, plain and as Markdown.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use fake::locales::{Data, EN};

use super::draft::{Draft, Piece, Pool, draft};
use super::draw::{Fields, Supply, choose, write_capitalized};
use super::internet::WORDS;
use super::{Arguments, Bound, Generator};
use crate::entropy::{Stream, below};
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
type WriteParts = fn(&Usual, u64, &mut Supply, &mut Draft<'_>);

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
    Ok(Bound::draft(move |e, memory| {
        let usual = &*USUAL;
        draft(&usual.pool, memory, |out| {
            let count = least + below(e, most - least + 1);
            write(usual, count, &mut Supply::new(e), out);
        })
    }))
}

pub(super) const ENTRIES: &[Generator] = &[
    counted(
        "markdown",
        "Markdown document: a heading, paragraphs, a list and a link to example.com.",
        &[minimum("2"), maximum("4")],
        |arguments| bind(arguments, Usual::document),
    ),
    counted(
        "markdown_block_quote",
        "Markdown block quote of some lines, one Latin sentence each.",
        &[minimum("1"), maximum("3")],
        |arguments| {
            bind(arguments, |usual, count, draws, out| {
                usual.lines(count, *b"> ", draws, out);
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
            bind(arguments, |usual, count, draws, out| {
                usual.lines(count, *b"- ", draws, out);
            })
        },
    ),
    counted(
        "markdown_code",
        "Markdown code block of some lines.",
        &[minimum("2"), maximum("6")],
        |arguments| bind(arguments, Usual::code),
    ),
    Generator::text(
        "markdown_italic",
        "Latin word in italics, as Markdown.",
        |e, out| write_wrapped("*", e, out),
    ),
    Generator::draft(
        "markdown_link",
        "Markdown link of a Latin word to a page under example.com (RFC 2606).",
        |e, memory| {
            let usual = &*USUAL;
            draft(&usual.pool, memory, |out| {
                usual.link(&mut Supply::new(e), out);
            })
        },
    ),
    counted(
        "markdown_numbered_list",
        "Markdown list with numbers, one Latin sentence each.",
        &[minimum("3"), maximum("6")],
        |arguments| bind(arguments, Usual::numbered_list),
    ),
    counted(
        "paragraph",
        "Paragraph of Latin sentences.",
        &[minimum("3"), maximum("6")],
        |arguments| bind(arguments, Usual::sentences),
    ),
    counted(
        "paragraphs",
        "Paragraphs of three to six Latin sentences, an empty line between them.",
        &[minimum("2"), maximum("4")],
        |arguments| bind(arguments, Usual::paragraphs),
    ),
    counted(
        "sentence",
        "Sentence of Latin words.",
        &[minimum("4"), maximum("10")],
        |arguments| bind(arguments, Usual::new_sentence),
    ),
    counted(
        "sentences",
        "Latin sentences of four to ten words.",
        &[minimum("2"), maximum("4")],
        |arguments| bind(arguments, Usual::sentences),
    ),
    Generator::text("word", "Latin word, in lower case.", |e, out| {
        out.write_str(choose(EN::LOREM_WORD, e))
    }),
    counted(
        "words",
        "Latin words in lower case, with spaces between them.",
        &[minimum("3"), maximum("6")],
        |arguments| bind(arguments, Usual::words),
    ),
];

/// How many sentences longer texts are put together of: a paragraph of four has as many forms as a
/// word of 40 bits, and is written by the sentence rather than by the word. More would not stay in the
/// processor's caches.
const SENTENCES: usize = 1 << 10;

/// The pieces of all texts.
struct Usual {
    pool: Pool,
    /// Sentences of four to ten words.
    sentences: Box<[Piece; SENTENCES]>,
    /// Words of Latin, with a comma and a space before each.
    words: Vec<Piece>,
    /// The same without, with a capital.
    capitalized: Vec<Piece>,
    /// Of addresses, with a slash before each.
    parts: Vec<Piece>,
}

static USUAL: LazyLock<Usual> = LazyLock::new(|| {
    let mut pool = Pool::default();
    let capitalized = EN::LOREM_WORD
        .iter()
        .map(|word| {
            pool.add(|text| {
                // A String accepts every write.
                let _ = write_capitalized(word, text);
            })
        })
        .collect();
    let nothing = pool.join(&[]);
    let mut usual = Usual {
        sentences: Box::new([nothing; SENTENCES]),
        words: pool.add_all(", ", EN::LOREM_WORD, ""),
        capitalized,
        parts: pool.add_all("/", WORDS, ""),
        pool,
    };
    let stream = Stream::new(0, "lorem", "sentence");
    let mut memory = Vec::new();
    for index in 0..SENTENCES {
        let entropy = stream.draw(index as u64);
        let length = draft(&usual.pool, &mut memory, |out| {
            usual.new_sentence(4 + below(entropy, 7), &mut Supply::new(entropy), out);
        });
        let text = String::from_utf8_lossy(&memory[..length]);
        usual.sentences[index] = usual.pool.join(&[&text]);
    }
    usual
});

impl Usual {
    /// A word behind another.
    #[inline]
    fn word(&self, fields: &mut Fields, comma: bool, out: &mut Draft<'_>) {
        out.push::<16>(fields.choose(&self.words).without_if(1, !comma));
    }

    /// A word without anything before it.
    #[inline]
    fn first_word(&self, fields: &mut Fields, out: &mut Draft<'_>) {
        out.push::<16>(fields.choose(&self.words).without_if(2, true));
    }

    fn words(&self, count: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        self.first_word(&mut draws.fields(), out);
        for _ in 1..count {
            self.word(&mut draws.fields(), false, out);
        }
    }

    /// A sentence of so many words, not one of the usual.
    fn new_sentence(&self, count: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        let mut first = draws.fields();
        out.push::<16>(first.choose(&self.capitalized));
        // No comma next to an end.
        let comma = if count > 6 {
            first.between(2, count - 3)
        } else {
            0
        };
        for i in 1..count {
            self.word(&mut draws.fields(), i == comma, out);
        }
        out.push_ascii(*b".", 1);
    }

    #[inline]
    fn sentence(&self, fields: &mut Fields, out: &mut Draft<'_>) {
        let index = fields.below(SENTENCES as u64);
        out.push::<96>(self.sentences[usize::try_from(index).unwrap_or(0)]);
    }

    fn sentences(&self, count: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        self.paragraph(count, 0, draws, out);
    }

    /// So many sentences with a space between them or, behind the one with an index whose bit in
    /// `last` is set, an empty line.
    #[inline]
    fn paragraph(&self, count: u64, last: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        let mut fields = draws.fields();
        self.sentence(&mut fields, out);
        for i in 1..count {
            // A word has the digits of six sentences, with some to spare.
            if i % 4 == 0 {
                fields = draws.fields();
            }
            let ends = last >> ((i - 1) & 63) & 1 == 1;
            let gap = if ends { *b"\n\n" } else { *b"  " };
            out.push_ascii(gap, 1 + usize::from(ends));
            self.sentence(&mut fields, out);
        }
    }

    /// Paragraphs of three to six sentences. They are written in one loop for many: the processor
    /// would guess wrong where each of them ends.
    fn paragraphs(&self, count: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        /// They have 60 sentences at most.
        const AT_ONCE: u64 = 10;
        let mut left = count;
        loop {
            let now = left.min(AT_ONCE);
            left -= now;
            let mut fields = draws.fields();
            let (mut sentences, mut last) = (0, 0_u64);
            for _ in 0..now {
                sentences += 3 + fields.below(4);
                last |= 1 << (sentences - 1);
            }
            self.paragraph(sentences, last, draws, out);
            if left == 0 {
                return;
            }
            out.push_str("\n\n");
        }
    }

    /// Lines of one sentence each, all with a mark.
    #[inline]
    fn lines(&self, count: u64, mark: [u8; 2], draws: &mut Supply, out: &mut Draft<'_>) {
        for i in 0..count {
            if i > 0 {
                out.push_ascii(*b"\n", 1);
            }
            out.push_ascii(mark, 2);
            self.sentence(&mut draws.fields(), out);
        }
    }

    fn numbered_list(&self, count: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        for i in 1..=count {
            if i > 1 {
                out.push_str("\n");
            }
            out.push_str(itoa::Buffer::new().format(i));
            out.push_str(". ");
            self.sentence(&mut draws.fields(), out);
        }
    }

    #[inline]
    fn link(&self, draws: &mut Supply, out: &mut Draft<'_>) {
        let mut fields = draws.fields();
        out.push_ascii(*b"[", 1);
        self.first_word(&mut fields, out);
        out.push_ascii(*b"](https://www.example.com", 25);
        out.push::<16>(fields.choose(&self.parts));
        out.push::<16>(fields.choose(&self.parts));
        out.push_ascii(*b")", 1);
    }

    fn document(&self, count: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        let mut heading = draws.fields();
        out.push_ascii(*b"# ", 2);
        out.push::<16>(heading.choose(&self.capitalized));
        self.word(&mut heading, false, out);
        self.word(&mut heading, false, out);
        out.push_ascii(*b"\n\n", 2);
        self.paragraphs(count, draws, out);
        out.push_ascii(*b"\n\n", 2);
        self.lines(3, *b"- ", draws, out);
        out.push_ascii(*b"\n\n", 2);
        self.link(draws, out);
    }

    /// Calls of functions with a number each.
    fn code(&self, count: u64, draws: &mut Supply, out: &mut Draft<'_>) {
        out.push_str("```");
        for _ in 0..count {
            let mut fields = draws.fields();
            out.push_str("\nlet ");
            out.push::<16>(fields.choose(&self.parts).without_if(1, true));
            out.push_str(" = ");
            out.push::<16>(fields.choose(&self.parts).without_if(1, true));
            out.push_str("(");
            out.push_str(itoa::Buffer::new().format(fields.below(100)));
            out.push_str(");");
        }
        out.push_str("\n```");
    }
}

fn write_wrapped(mark: &str, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(mark)?;
    out.write_str(choose(EN::LOREM_WORD, entropy))?;
    out.write_str(mark)
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
