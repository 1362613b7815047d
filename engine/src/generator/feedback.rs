//! What people write to a company: reviews, comments, tickets; and emoji.

use std::fmt::{self, Write};

use super::Generator;
use super::draw::{Chain, choose, listed, write_capitalized};

const EMOJI: &[&str] = &[
    "😀", "😃", "😄", "😁", "😅", "😂", "🙂", "😉", "😊", "😍", "😎", "🤔", "😐", "😴", "😢", "😭",
    "😡", "👍", "👎", "👏", "🙏", "💪", "❤️", "💔", "🔥", "⭐", "🎉", "✅", "❌", "⚠️", "🚀", "💡",
    "📈", "📉", "📦", "🕒", "☀️", "🌧️", "🍎", "🍕", "☕", "🚗", "🏠", "🐶", "🐱", "🌱",
];

const GOOD: &[&str] = &[
    "Exactly what I was looking for.",
    "Works as described.",
    "Great value for the price.",
    "Arrived earlier than promised.",
    "My family loves it.",
    "Well made and easy to set up.",
    "I have used it every day since it came.",
    "The quality surprised me.",
    "Support answered within an hour.",
    "I would buy it again.",
    "Looks better than in the pictures.",
];

const MIXED: &[&str] = &[
    "It is all right for the price.",
    "Does the job, nothing more.",
    "The color is a little different from the picture.",
    "Shipping took longer than expected.",
    "The instructions could be clearer.",
    "Good idea, but the finish is rough.",
    "It took a while to get used to it.",
    "Smaller than I expected.",
];

const BAD: &[&str] = &[
    "Stopped working after two weeks.",
    "The package arrived damaged.",
    "I have asked for a refund and heard nothing.",
    "It does not fit at all.",
    "Not worth the money.",
    "Feels cheap and flimsy.",
    "The wrong size was sent, twice.",
    "I cannot recommend it.",
    "Parts were missing from the box.",
];

const ENDINGS: &[&str] = &[
    "I hope this helps others.",
    "Thanks to the team.",
    "Let us see how long it lasts.",
    "I will update this review in a month.",
];

const OPENINGS: &[&str] = &[
    "Thanks for sharing this.",
    "I agree with the point about costs.",
    "Could you add an example?",
    "This solved my problem.",
    "I see it differently.",
    "Same here since the last update.",
    "Please have a look at the attached file.",
    "Approved from my side.",
    "Let us discuss this on Monday.",
    "I have changed the date in the plan.",
    "The numbers do not match the report.",
    "Good work, everybody.",
];

const FOLLOWINGS: &[&str] = &[
    "We should decide before the end of the week.",
    "I will follow up tomorrow.",
    "Does anybody know more?",
    "The rest looks fine to me.",
    "Let me know if you need anything.",
    "It happens on two machines.",
    "See also the discussion from last month.",
];

/// What a ticket is about, and what is wrong with it.
const THINGS: &[&str] = &[
    "account",
    "dashboard",
    "download",
    "e-mail notification",
    "export",
    "invoice",
    "login page",
    "mobile app",
    "order",
    "password reset",
    "payment",
    "profile picture",
    "report",
    "search",
    "shipping address",
    "subscription",
    "upload",
    "two-factor code",
];
const TROUBLES: &[&str] = &[
    "cannot be changed",
    "does not load",
    "fails with an error",
    "has the wrong date",
    "is missing",
    "is shown twice",
    "is slow since the update",
    "is stuck",
    "never arrives",
    "shows the wrong amount",
    "stopped working",
];
const QUESTIONS: &[&str] = &[
    "How do I change my ",
    "Question about my ",
    "Please cancel my ",
    "Problem with my ",
];
const PRIORITIES: &[&str] = &[
    "low", "low", "normal", "normal", "normal", "normal", "high", "high", "urgent",
];
const STATES: &[&str] = &[
    "new", "open", "open", "pending", "on hold", "solved", "solved", "closed", "closed", "closed",
];

pub(super) const ENTRIES: &[Generator] = &[
    Generator::text(
        "comment",
        "Comment of one or two English sentences.",
        |e, out| {
            let mut draws = Chain::new(e);
            out.write_str(draws.choose(OPENINGS))?;
            if draws.one_in(2) {
                out.write_str(" ")?;
                out.write_str(draws.choose(FOLLOWINGS))?;
            }
            Ok(())
        },
    ),
    listed!("emoji", "Emoji.", EMOJI, |item| item),
    Generator::text(
        "review",
        "Review of a product in two to four English sentences, of one mind throughout.",
        review,
    ),
    Generator::text(
        "ticket_priority",
        "Priority of a support ticket, in lower case.",
        |e, out| out.write_str(choose(PRIORITIES, e)),
    ),
    Generator::text(
        "ticket_status",
        "State of a support ticket, in lower case.",
        |e, out| out.write_str(choose(STATES, e)),
    ),
    Generator::text(
        "ticket_subject",
        "Subject of a support ticket.",
        ticket_subject,
    ),
];

fn review(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    // Most reviews are good ones.
    let sentences = match draws.below(10) {
        0..6 => GOOD,
        6..8 => MIXED,
        _ => BAD,
    };
    let count = sentences.len() as u64;
    let first = draws.below(count);
    // A small step and two or three sentences: none twice.
    let step = draws.between(1, 2);
    for i in 0..draws.between(2, 3) {
        if i > 0 {
            out.write_str(" ")?;
        }
        let place = usize::try_from((first + i * step) % count).unwrap_or(0);
        out.write_str(sentences[place])?;
    }
    if draws.one_in(3) {
        out.write_str(" ")?;
        out.write_str(draws.choose(ENDINGS))?;
    }
    Ok(())
}

fn ticket_subject(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let thing = draws.choose(THINGS);
    if draws.one_in(4) {
        out.write_str(draws.choose(QUESTIONS))?;
        return out.write_str(thing);
    }
    write_capitalized(thing, out)?;
    out.write_str(" ")?;
    out.write_str(draws.choose(TROUBLES))
}
