//! What the internet is made of: addresses from documentation blocks, hosts under reserved
//! domains, hardware addresses that no manufacturer has, and the words of HTTP.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use fake::locales::{Data, EN};

use super::contact::DOMAINS;
use super::draw::{Chain, HEX, choose, listed, numbered, spell, write_ascii, write_number};
use super::person;
use super::{Bound, Generator, Group, LOCALE_ONLY};
use crate::entropy::{below, remix};
use crate::locale::Locale;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// The three blocks of RFC 5737, all 256 addresses of each.
const IPV4_BLOCKS: [&str; 3] = ["192.0.2.", "198.51.100.", "203.0.113."];

/// Locally administered, unicast: 6 bits of the first octet are free, and the other 40.
const MAC_COUNT: u64 = 1 << 46;

/// Words of hosts, slugs and hashtags.
pub(super) const WORDS: &[&str] = &[
    "alpha", "amber", "anchor", "apple", "arrow", "atlas", "autumn", "beacon", "birch", "blue",
    "bridge", "bright", "canvas", "cedar", "circle", "clear", "cloud", "cobalt", "comet", "coral",
    "crane", "crystal", "delta", "dune", "eagle", "early", "east", "echo", "ember", "falcon",
    "fern", "field", "first", "forest", "fresh", "garden", "gentle", "global", "golden", "grand",
    "granite", "green", "grove", "harbor", "hazel", "heron", "hill", "horizon", "iris", "iron",
    "island", "ivory", "jade", "juniper", "lake", "lantern", "laurel", "lemon", "light", "lily",
    "lunar", "maple", "marble", "meadow", "mellow", "mint", "modern", "moon", "morning", "north",
    "nova", "oak", "ocean", "olive", "open", "orbit", "orchid", "otter", "pacific", "pearl",
    "pine", "pixel", "plain", "polar", "prime", "quartz", "quick", "quiet", "rain", "rapid",
    "raven", "red", "ridge", "river", "robin", "rose", "sage", "salt", "sand", "scarlet", "silver",
    "simple", "sky", "solar", "spark", "spring", "star", "stone", "storm", "summer", "sunny",
    "swift", "thistle", "timber", "true", "tulip", "urban", "valley", "velvet", "violet", "vivid",
    "warm", "wave", "west", "wild", "willow", "winter", "wren",
];

const METHODS: &[&str] = &[
    // About as often as web servers see them.
    "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "POST", "POST", "POST", "PUT",
    "PATCH", "DELETE", "HEAD", "OPTIONS",
];

/// The status codes of the IANA registry, "unused" ones left out.
const RFC_STATUS: &[&str] = &[
    "100", "101", "102", "103", "200", "201", "202", "203", "204", "205", "206", "207", "208",
    "226", "300", "301", "302", "303", "304", "305", "307", "308", "400", "401", "402", "403",
    "404", "405", "406", "407", "408", "409", "410", "411", "412", "413", "414", "415", "416",
    "417", "421", "422", "423", "424", "425", "426", "428", "429", "431", "451", "500", "501",
    "502", "503", "504", "505", "506", "507", "508", "511",
];

const PLATFORMS: &[&str] = &[
    "Windows NT 10.0; Win64; x64",
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 10; K",
    "X11; CrOS x86_64 14541.0.0",
];

const SECTIONS: &[&str] = &[
    "about", "account", "articles", "blog", "catalog", "docs", "events", "help", "news", "orders",
    "pages", "posts", "products", "reports", "support", "users",
];

const PASSWORD_LENGTHS: &[Parameter] = &[
    Parameter {
        name: "minimum",
        parameter_type: ParameterType::Integer,
        default: Some("12"),
        summary: "Least count of characters, 1 to 64.",
    },
    Parameter {
        name: "maximum",
        parameter_type: ParameterType::Integer,
        default: Some("20"),
        summary: "Greatest count of characters, minimum to 64.",
    },
];

pub(super) const ENTRIES: &[Generator] = &[
    Generator::text("domain_name", "Host of two words and a number under a reserved domain (RFC 2606).", |e, out| domain_name(e, number(e), out))
        .enumerated(u64::MAX, |index, out| domain_name(remix(index), index, out)),
    listed!("domain_suffix", "Last part of a domain name, such as com.", EN::INTERNET_DOMAIN_SUFFIX, |item| item),
    Generator::local(
        "free_email",
        "E-mail address at the name of a free provider, moved under example.com (RFC 2606) so that nobody receives it.",
        free_email,
    )
    .in_group(Group::Person),
    listed!("free_email_provider", "Domain of a provider of free e-mail, such as gmail.com.", EN::INTERNET_FREE_EMAIL_PROVIDER, |item| item),
    Generator::text(
        "hashtag",
        "Hashtag of two words in camel case, such as #QuietRiver.",
        |e, out| hashtag(e, out),
    ),
    Generator::text(
        "http_method",
        "HTTP method; half are GET.",
        |e, out| out.write_str(choose(METHODS, e)),
    ),
    Generator::text(
        "image_url",
        "URL of a picture under example.com (RFC 2606), with its size in pixels.",
        |e, out| image_url(e, out),
    ),
    Generator::text(
        "ip",
        "IP address from a documentation block, one in four of version 6 (RFC 5737, RFC 3849).",
        |e, out| {
            if e & 3 == 0 {
                ipv6(remix(e), out)
            } else {
                ipv4(below(e, 768), out)
            }
        },
    ),
    numbered!(
        "ipv4",
        "IPv4 address from the documentation blocks of RFC 5737 (768 addresses).",
        768,
        |index, out| ipv4(index, out),
    ),
    Generator::text(
        "ipv6",
        "IPv6 address from the documentation block 2001:db8::/32 (RFC 3849).",
        ipv6,
    )
    .enumerated(u64::MAX, ipv6),
    numbered!(
        "mac_address",
        "Hardware address of six octets, locally administered: no manufacturer's (IEEE 802).",
        MAC_COUNT,
        |index, out| mac_address(index, out),
    ),
    Generator::bound(
        "password",
        "Password of letters and digits, in plain text.",
        PASSWORD_LENGTHS,
        ColumnType::Text,
        |arguments| {
            let minimum = arguments.integer("minimum", 1..=64)?;
            let maximum = arguments.integer("maximum", minimum..=64)?;
            let (minimum, maximum) = (minimum.unsigned_abs(), maximum.unsigned_abs());
            Ok(Bound::text(move |e, out| {
                let length = Chain::new(remix(!e)).between(minimum, maximum);
                password(e, usize::try_from(length).unwrap_or(64), out)
            }))
        },
    ),
    Generator::text(
        "port",
        "TCP or UDP port number, 1024 to 65535.",
        |e, out| write_number(1024 + below(e, 64_512), out),
    ),
    listed!("rfc_status_code", "HTTP status code of the IANA registry.", RFC_STATUS, |item| item),
    Generator::local(
        "safe_email",
        "E-mail address of first name and number, under a reserved domain (RFC 2606).",
        safe_email,
    )
    .in_group(Group::Person),
    Generator::text("slug", "Part of a URL: words and a number with hyphens, such as quiet-river-4711.", |e, out| slug(e, number(e), out))
        .enumerated(u64::MAX, |index, out| slug(remix(index), index, out)),
    Generator::text("url", "URL with a path, of a host under example.com (RFC 2606).", |e, out| url(e, number(e), out))
        .enumerated(u64::MAX, |index, out| url(remix(index), index, out)),
    Generator::text(
        "user_agent",
        "User-Agent of a browser: Chrome, Edge, Firefox or Safari, versions of 2023 to 2025.",
        |e, out| user_agent(e, out),
    ),
    Generator::bound(
        "username",
        "Login name: first name, first letter of the last name and a number; the person of full_name.",
        LOCALE_ONLY,
        ColumnType::Text,
        |arguments| {
            let locale = arguments.locale()?;
            Ok(
                Bound::text(move |e, out| username(locale, e, number(e), out))
                    .counted(u64::MAX, move |index, out| {
                        username(locale, remix(index), index, out)
                    }),
            )
        },
    )
    .in_group(Group::Person),
    Generator::text(
        "valid_status_code",
        "Three-digit HTTP status code, 100 to 599, registered or not.",
        |e, out| write_number(100 + below(e, 500), out),
    ),
];

/// The number, of up to four digits, that stands in a name unless an index does.
const fn number(entropy: u64) -> u64 {
    below(remix(remix(entropy)), 10_000)
}

/// Two words and a number, which makes it unique: words hold no digits.
fn slug(entropy: u64, number: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    out.write_str(draws.choose(WORDS))?;
    out.write_str("-")?;
    out.write_str(draws.choose(WORDS))?;
    out.write_str("-")?;
    write_number(number, out)
}

fn domain_name(entropy: u64, number: u64, out: &mut dyn Write) -> fmt::Result {
    slug(entropy, number, out)?;
    out.write_str(".")?;
    out.write_str(choose(&DOMAINS, remix(!entropy)))
}

fn url(entropy: u64, number: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(remix(!entropy));
    out.write_str("https://")?;
    out.write_str(draws.choose(WORDS))?;
    out.write_str(".example.com/")?;
    out.write_str(draws.choose(SECTIONS))?;
    out.write_str("/")?;
    slug(entropy, number, out)
}

fn image_url(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    const SIZES: &[&str] = &["320/240", "640/480", "800/600", "1024/768", "1920/1080"];
    let mut draws = Chain::new(entropy);
    out.write_str("https://images.example.com/id/")?;
    write_number(draws.below(1_000_000), out)?;
    out.write_str("/")?;
    out.write_str(draws.choose(SIZES))
}

fn hashtag(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    out.write_str("#")?;
    super::draw::write_capitalized(draws.choose(WORDS), out)?;
    super::draw::write_capitalized(draws.choose(WORDS), out)
}

fn ipv4(index: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(IPV4_BLOCKS[usize::try_from(index / 256 % 3).unwrap_or(0)])?;
    write_number(index % 256, out)
}

/// The interface part is the number, so that distinct numbers give distinct addresses; two words
/// of the network part depend on it. Leading zeros of a word are left out (RFC 5952), a run of
/// zero words is not.
fn ipv6(index: u64, out: &mut dyn Write) -> fmt::Result {
    const BLOCK: &[u8] = b"2001:db8";
    let mut text = [b':'; 40];
    text[..BLOCK.len()].copy_from_slice(BLOCK);
    let mut end = BLOCK.len();
    let network = remix(index);
    let words = [
        network >> 48,
        network >> 32,
        index >> 48,
        index >> 32,
        index >> 16,
        index,
    ];
    for word in words {
        let word = word & 0xFFFF;
        let digits =
            1 + usize::from(word > 0xF) + usize::from(word > 0xFF) + usize::from(word > 0xFFF);
        // Four places always, those behind the word written over by the next.
        let shown = word << (16 - 4 * digits);
        spell(shown, HEX, &mut text[end + 1..end + 5]);
        text[end + 1 + digits] = b':';
        end += 1 + digits;
    }
    write_ascii(&text[..end], out)
}

fn mac_address(index: u64, out: &mut dyn Write) -> fmt::Result {
    // The two lowest bits of the first octet: 1 locally administered, 0 unicast.
    let octets = index >> 40 << 42 | 0x2 << 40 | index & 0xFF_FFFF_FFFF;
    let mut text = *b"00:00:00:00:00:00";
    for (i, pair) in text.chunks_mut(3).enumerate() {
        let shift = 40 - 8 * u32::try_from(i).unwrap_or(0);
        spell(octets >> shift & 0xFF, HEX, &mut pair[..2]);
    }
    write_ascii(&text, out)
}

/// `length` characters, up to 64, of 62.
fn password(entropy: u64, length: usize, out: &mut dyn Write) -> fmt::Result {
    const CHARACTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut draws = Chain::new(entropy);
    let mut text = [0_u8; 64];
    let length = length.min(text.len());
    for part in text[..length].chunks_mut(10) {
        spell(draws.bits(), CHARACTERS, part);
    }
    write_ascii(&text[..length], out)
}

/// Lower-cases a name into a small buffer: names are ASCII and short.
fn write_lower(name: &str, out: &mut dyn Write) -> fmt::Result {
    let mut text = [0_u8; 32];
    let length = name.len().min(text.len());
    text[..length].copy_from_slice(&name.as_bytes()[..length]);
    text[..length].make_ascii_lowercase();
    write_ascii(&text[..length], out)
}

/// Names hold no digits, so distinct numbers give distinct user names.
fn username(
    locale: &'static Locale,
    entropy: u64,
    number: u64,
    out: &mut dyn Write,
) -> fmt::Result {
    let (first, last) = person::romanized(locale, entropy);
    write_lower(first, out)?;
    write_lower(last.get(..1).unwrap_or_default(), out)?;
    write_number(number, out)
}

fn safe_email(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    write_lower(person::romanized(locale, entropy).0, out)?;
    write_number(number(entropy), out)?;
    out.write_str("@")?;
    out.write_str(choose(&DOMAINS, remix(entropy)))
}

/// Where addresses at free providers are: the first part of each name, under example.com.
static FREE_HOSTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    EN::INTERNET_FREE_EMAIL_PROVIDER
        .iter()
        .map(|provider| {
            let name = provider.split('.').next().unwrap_or(provider);
            format!("@{name}.example.com")
        })
        .collect()
});

fn free_email(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let (first, last) = person::romanized(locale, entropy);
    write_lower(first, out)?;
    out.write_str(".")?;
    write_lower(last, out)?;
    write_number(number(entropy), out)?;
    let host = below(entropy.rotate_left(32), FREE_HOSTS.len() as u64);
    out.write_str(&FREE_HOSTS[usize::try_from(host).unwrap_or(0)])
}

fn user_agent(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let browser = draws.below(10);
    let platform = draws.choose(PLATFORMS);
    out.write_str("Mozilla/5.0 (")?;
    match browser {
        0 => {
            let version = draws.between(109, 145);
            out.write_str(if platform.contains("Android") {
                "Android 14; Mobile"
            } else {
                platform
            })?;
            out.write_str("; rv:")?;
            write_number(version, out)?;
            out.write_str(".0) Gecko/20100101 Firefox/")?;
            write_number(version, out)?;
            out.write_str(".0")
        }
        1 | 2 => {
            let phone = draws.one_in(2);
            out.write_str(if phone {
                "iPhone; CPU iPhone OS 17_5 like Mac OS X"
            } else {
                "Macintosh; Intel Mac OS X 10_15_7"
            })?;
            out.write_str(") AppleWebKit/605.1.15 (KHTML, like Gecko) Version/")?;
            write_number(draws.between(16, 18), out)?;
            out.write_str(".")?;
            write_number(draws.below(6), out)?;
            out.write_str(if phone {
                " Mobile/15E148 Safari/604.1"
            } else {
                " Safari/605.1.15"
            })
        }
        _ => {
            let version = draws.between(110, 143);
            out.write_str(platform)?;
            out.write_str(") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/")?;
            write_number(version, out)?;
            out.write_str(if platform.contains("Android") {
                ".0.0.0 Mobile Safari/537.36"
            } else {
                ".0.0.0 Safari/537.36"
            })?;
            if browser == 3 {
                out.write_str(" Edg/")?;
                write_number(version, out)?;
                out.write_str(".0.0.0")?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn text(write: impl Fn(&mut String) -> fmt::Result) -> String {
        let mut out = String::new();
        write(&mut out).unwrap();
        out
    }

    /// RFC 5737 and RFC 3849, as the standard library reads them.
    #[test]
    fn addresses_are_of_documentation_blocks() {
        for index in 0..768 {
            let address: Ipv4Addr = text(|out| ipv4(index, out)).parse().unwrap();
            assert!(address.is_documentation(), "{address}");
        }
        for index in [0, 1, 0xFFFF, 1 << 48, u64::MAX] {
            let address: Ipv6Addr = text(|out| ipv6(index, out)).parse().unwrap();
            assert_eq!(address.segments()[..2], [0x2001, 0xdb8], "{address}");
        }
    }

    #[test]
    fn hardware_addresses_are_local_and_unicast() {
        assert_eq!(text(|out| mac_address(0, out)), "02:00:00:00:00:00");
        assert_eq!(
            text(|out| mac_address(MAC_COUNT - 1, out)),
            "fe:ff:ff:ff:ff:ff"
        );
    }

    #[test]
    fn passwords_have_the_length_asked() {
        for length in [0, 1, 9, 10, 11, 64] {
            assert_eq!(text(|out| password(1, length, out)).len(), length);
        }
    }

    /// RFC 2606: whoever writes or browses there reaches nobody.
    #[test]
    fn hosts_are_under_reserved_domains() {
        for row in 0..2_000 {
            let value = |name: &str| crate::generator::find(name).unwrap().value(remix(row));
            let reserved = |host: &str| {
                DOMAINS
                    .iter()
                    .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
            };
            for name in ["free_email", "safe_email"] {
                let address = value(name);
                let (local, host) = address.split_once('@').unwrap();
                assert!(reserved(host) && !local.is_empty(), "{address}");
            }
            for name in ["image_url", "url"] {
                let url = value(name);
                let host = url
                    .strip_prefix("https://")
                    .unwrap()
                    .split('/')
                    .next()
                    .unwrap();
                assert!(reserved(host), "{url}");
            }
            let link = value("markdown_link");
            assert!(link.contains("](https://www.example.com/"), "{link}");
            assert!(reserved(&value("domain_name")), "{}", value("domain_name"));
        }
    }
}
