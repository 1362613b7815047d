//! Files: names, paths, types and sizes, and versions of software.

use std::fmt::{self, Write};

use super::draw::{Chain, listed, write_number};
use super::internet::WORDS;
use super::{Generator, Group};
use crate::entropy::remix;

/// Extensions with the media type that IANA registers or servers send for each.
const TYPES: &[(&str, &str)] = &[
    ("7z", "application/x-7z-compressed"),
    ("avi", "video/x-msvideo"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar"),
    ("jar", "application/java-archive"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("otf", "font/otf"),
    ("parquet", "application/vnd.apache.parquet"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("rar", "application/vnd.rar"),
    ("rtf", "application/rtf"),
    ("sql", "application/sql"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tiff", "image/tiff"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("zip", "application/zip"),
];

const ROOTS: &[&str] = &[
    "/home",
    "/home",
    "/mnt",
    "/opt",
    "/srv",
    "/tmp",
    "/usr/local",
    "/var",
];

const FOLDERS: &[&str] = &[
    "archive",
    "assets",
    "backup",
    "cache",
    "config",
    "data",
    "documents",
    "downloads",
    "exports",
    "images",
    "imports",
    "invoices",
    "lib",
    "logs",
    "media",
    "music",
    "pictures",
    "private",
    "projects",
    "public",
    "reports",
    "scripts",
    "share",
    "src",
    "templates",
    "videos",
];

pub(super) const ENTRIES: &[Generator] = &[
    Generator::text(
        "dir_path",
        "Absolute path of a folder, two to four levels deep.",
        |e, out| dir_path(e, out),
    ),
    listed!(
        "file_extension",
        "File name extension without the dot.",
        TYPES,
        |item| item.0
    )
    .in_group(Group::File),
    Generator::text(
        "file_name",
        "File name of two words with an extension, that of file_extension.",
        |e, out| file_name(e, out),
    )
    .in_group(Group::File),
    Generator::text(
        "file_path",
        "Absolute path of a file: dir_path and file_name.",
        |e, out| {
            dir_path(e, out)?;
            out.write_str("/")?;
            file_name(e, out)
        },
    ),
    Generator::text(
        "file_size",
        "File size in bytes, 1 to about 2 GiB, each power of two as likely as the next.",
        |e, out| {
            let bits = crate::entropy::below(remix(e), 31);
            write_number((1 << bits) + (e & ((1 << bits) - 1)), out)
        },
    ),
    listed!(
        "mime_type",
        "Media type of a file, that of file_extension.",
        TYPES,
        |item| item.1
    )
    .in_group(Group::File),
    Generator::text(
        "semver",
        "Version MAJOR.MINOR.PATCH (Semantic Versioning 2.0.0), one in eight a pre-release.",
        |e, out| {
            semver(e, out)?;
            if e & 7 == 0 {
                pre_release(e, out)
            } else {
                Ok(())
            }
        },
    ),
    Generator::text(
        "semver_stable",
        "Version MAJOR.MINOR.PATCH (Semantic Versioning 2.0.0).",
        |e, out| semver(e, out),
    ),
    Generator::text(
        "semver_unstable",
        "Version of a pre-release, such as 1.4.0-rc.2 (Semantic Versioning 2.0.0).",
        |e, out| {
            semver(e, out)?;
            pre_release(e, out)
        },
    ),
];

fn file_name(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let extension = draws.choose(TYPES).0;
    out.write_str(draws.choose(WORDS))?;
    out.write_str("_")?;
    out.write_str(draws.choose(WORDS))?;
    out.write_str(".")?;
    out.write_str(extension)
}

fn dir_path(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(remix(!entropy));
    out.write_str(draws.choose(ROOTS))?;
    for _ in 0..draws.between(1, 3) {
        out.write_str("/")?;
        out.write_str(draws.choose(FOLDERS))?;
    }
    Ok(())
}

fn semver(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    // Low numbers are common: the lesser of two draws.
    for (i, n) in [10, 30, 30].into_iter().enumerate() {
        if i > 0 {
            out.write_str(".")?;
        }
        let (a, b) = (draws.below(n), draws.below(n));
        write_number(a.min(b), out)?;
    }
    Ok(())
}

fn pre_release(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(remix(!entropy));
    out.write_str(draws.choose(&["-alpha.", "-beta.", "-rc."]))?;
    write_number(draws.between(1, 9), out)
}
