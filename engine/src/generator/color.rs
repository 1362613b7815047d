//! Colours, as style sheets write them.

use std::fmt::{self, Write};

use super::Generator;
use super::draw::{Chain, HEX, listed, numbered, spell, write_ascii, write_number};

/// The named colours of CSS Color Module Level 4, which all browsers know.
const NAMES: &[&str] = &[
    "aliceblue",
    "antiquewhite",
    "aqua",
    "aquamarine",
    "azure",
    "beige",
    "bisque",
    "black",
    "blanchedalmond",
    "blue",
    "blueviolet",
    "brown",
    "burlywood",
    "cadetblue",
    "chartreuse",
    "chocolate",
    "coral",
    "cornflowerblue",
    "cornsilk",
    "crimson",
    "cyan",
    "darkblue",
    "darkcyan",
    "darkgoldenrod",
    "darkgray",
    "darkgreen",
    "darkkhaki",
    "darkmagenta",
    "darkolivegreen",
    "darkorange",
    "darkorchid",
    "darkred",
    "darksalmon",
    "darkseagreen",
    "darkslateblue",
    "darkslategray",
    "darkturquoise",
    "darkviolet",
    "deeppink",
    "deepskyblue",
    "dimgray",
    "dodgerblue",
    "firebrick",
    "floralwhite",
    "forestgreen",
    "fuchsia",
    "gainsboro",
    "ghostwhite",
    "gold",
    "goldenrod",
    "gray",
    "green",
    "greenyellow",
    "honeydew",
    "hotpink",
    "indianred",
    "indigo",
    "ivory",
    "khaki",
    "lavender",
    "lavenderblush",
    "lawngreen",
    "lemonchiffon",
    "lightblue",
    "lightcoral",
    "lightcyan",
    "lightgoldenrodyellow",
    "lightgray",
    "lightgreen",
    "lightpink",
    "lightsalmon",
    "lightseagreen",
    "lightskyblue",
    "lightslategray",
    "lightsteelblue",
    "lightyellow",
    "lime",
    "limegreen",
    "linen",
    "magenta",
    "maroon",
    "mediumaquamarine",
    "mediumblue",
    "mediumorchid",
    "mediumpurple",
    "mediumseagreen",
    "mediumslateblue",
    "mediumspringgreen",
    "mediumturquoise",
    "mediumvioletred",
    "midnightblue",
    "mintcream",
    "mistyrose",
    "moccasin",
    "navajowhite",
    "navy",
    "oldlace",
    "olive",
    "olivedrab",
    "orange",
    "orangered",
    "orchid",
    "palegoldenrod",
    "palegreen",
    "paleturquoise",
    "palevioletred",
    "papayawhip",
    "peachpuff",
    "peru",
    "pink",
    "plum",
    "powderblue",
    "purple",
    "rebeccapurple",
    "red",
    "rosybrown",
    "royalblue",
    "saddlebrown",
    "salmon",
    "sandybrown",
    "seagreen",
    "seashell",
    "sienna",
    "silver",
    "skyblue",
    "slateblue",
    "slategray",
    "snow",
    "springgreen",
    "steelblue",
    "tan",
    "teal",
    "thistle",
    "tomato",
    "turquoise",
    "violet",
    "wheat",
    "white",
    "whitesmoke",
    "yellow",
    "yellowgreen",
];

pub(super) const ENTRIES: &[Generator] = &[
    listed!(
        "color",
        "Name of a colour in CSS, such as teal.",
        NAMES,
        |item| item
    ),
    numbered!(
        "hex_color",
        "Colour #rrggbb in hexadecimal, any of the 16,777,216.",
        1 << 24,
        |index, out| hex_color(index, out),
    ),
    Generator::text(
        "hsl_color",
        "Colour hsl(hue, saturation%, lightness%); hue 0 to 359 degrees, the others 0 to 100.",
        |e, out| hsl(e, None, out),
    ),
    Generator::text(
        "hsla_color",
        "Colour hsla(hue, saturation%, lightness%, opacity); opacity 0.00 to 1.00.",
        |e, out| hsl(e, Some(100), out),
    ),
    Generator::text(
        "rgb_color",
        "Colour rgb(red, green, blue), each 0 to 255.",
        |e, out| rgb(e, None, out),
    ),
    Generator::text(
        "rgba_color",
        "Colour rgba(red, green, blue, opacity); opacity 0.00 to 1.00.",
        |e, out| rgb(e, Some(100), out),
    ),
];

/// The colour with this number, 0 to 2^24 - 1.
fn hex_color(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"#000000";
    spell(index, HEX, &mut text[1..]);
    write_ascii(&text, out)
}

/// With `opacity`, that many steps of it.
fn rgb(entropy: u64, opacity: Option<u64>, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let rest = draws.bits();
    out.write_str(if opacity.is_some() { "rgba(" } else { "rgb(" })?;
    write_number(rest >> 56, out)?;
    out.write_str(", ")?;
    write_number(rest >> 48 & 0xFF, out)?;
    out.write_str(", ")?;
    write_number(rest >> 40 & 0xFF, out)?;
    finish(opacity, draws, out)
}

fn hsl(entropy: u64, opacity: Option<u64>, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    out.write_str(if opacity.is_some() { "hsla(" } else { "hsl(" })?;
    write_number(draws.below(360), out)?;
    out.write_str(", ")?;
    write_number(draws.below(101), out)?;
    out.write_str("%, ")?;
    write_number(draws.below(101), out)?;
    out.write_str("%")?;
    finish(opacity, draws, out)
}

fn finish(opacity: Option<u64>, mut draws: Chain, out: &mut dyn Write) -> fmt::Result {
    if let Some(steps) = opacity {
        out.write_str(", ")?;
        super::draw::write_hundredths(draws.below(steps + 1), out)?;
    }
    out.write_str(")")
}
