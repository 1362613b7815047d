//! Writing JSON by pieces, in two forms of one description: as text, and as Postgres stores it (`jsonb`).
//!
//! An object is written where it is described, with `object!`: its names are known when it is compiled,
//! so that text has them quoted and `jsonb` has them in order before the first row is made. A document
//! takes some hundred nanoseconds a resource so, where a general serializer takes some thousand, and
//! where reading the text back into `jsonb` would take ten times as long as writing it.
//!
//! `object!(out; "id": id, "name": { "given": [first, ?middle] }, "died"?: death)` writes values by
//! [`Value`]; a member after whose name, or an element before which, there is a question mark is an
//! option, and left out where it is `None`. The two forms ask for members in different orders, and for
//! options more than once, so values are expressions without effects.

pub mod jsonb;
mod layout;
mod text;
mod value;

pub use jsonb::Jsonb;
pub use layout::{Shape, head, head_length, order};
pub use value::{Hyphenated, Joined, Text, Value, is_plain};

/// Where JSON is written to.
pub trait Out {
    /// An object: `member` writes the value of the name at a place of the shape, where one is present.
    fn object(
        &mut self,
        shape: &'static Shape,
        present: impl Fn(usize) -> bool,
        member: impl FnMut(&mut Self, usize),
    );

    /// An array: `element` writes what stands at one of so many places, where something is present.
    fn array(
        &mut self,
        places: usize,
        present: impl Fn(usize) -> bool,
        element: impl FnMut(&mut Self, usize),
    );

    /// An array of the [items](Out::item) that `write` writes, however many they are.
    fn list(&mut self, write: impl FnOnce(&mut Self));

    /// An element of the list that has begun.
    fn item(&mut self, write: impl FnOnce(&mut Self));

    /// A string that is made of pieces, none of which needs escapes.
    fn pieces<const N: usize>(&mut self, pieces: [&[u8]; N]);

    /// A string that `write` appends, and that needs no escapes.
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>));

    /// Texts as one string, with a blank between each two.
    fn joined(&mut self, texts: &[Text<'_>]);

    /// A number; one that is not finite, which JSON does not have, is 0.
    fn number(&mut self, number: f64);

    /// The whole number `units`, divided by ten `places` times, with as many digits after the point.
    fn decimal(&mut self, units: i64, places: u8);

    /// True or false.
    fn boolean(&mut self, value: bool);
}

/// Writes an object: members as in JSON, with values by [`Value`], and objects and arrays among them.
macro_rules! object {
    ($out:expr; $($members:tt)*) => {
        $crate::format::json::Out::object(
            &mut *$out,
            $crate::format::json::shape!([] $($members)*),
            |place| $crate::format::json::present!(place, 0; $($members)*),
            |out, place| $crate::format::json::written!(out, place, 0; $($members)*),
        )
    };
}

/// Writes an array: elements as members of `object!`, without names.
macro_rules! array {
    ($out:expr; $($elements:tt)*) => {
        $crate::format::json::Out::array(
            &mut *$out,
            $crate::format::json::count!($($elements)*),
            |place| $crate::format::json::present!(place, 0; $($elements)*),
            |out, place| $crate::format::json::written!(out, place, 0; $($elements)*),
        )
    };
}

/// The [`Shape`] of an object's members.
macro_rules! shape {
    ([$($name:literal)*]) => {{
        use $crate::format::json::{Shape, head, head_length, order};
        const NAMES: &[&str] = &[$($name),*];
        const ORDER: [u8; NAMES.len()] = order(NAMES);
        const HEAD: [u8; head_length(NAMES)] = head(NAMES, &ORDER);
        static SHAPE: Shape = Shape::new(NAMES, &[$(concat!(",\"", $name, "\":")),*], &ORDER, &HEAD);
        &SHAPE
    }};
    ([$($name:literal)*] $next:literal: { $($value:tt)* } $(, $($rest:tt)*)?) => {
        $crate::format::json::shape!([$($name)* $next] $($($rest)*)?)
    };
    ([$($name:literal)*] $next:literal: [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::format::json::shape!([$($name)* $next] $($($rest)*)?)
    };
    ([$($name:literal)*] $next:literal: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::shape!([$($name)* $next] $($($rest)*)?)
    };
    ([$($name:literal)*] $next:literal?: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::shape!([$($name)* $next] $($($rest)*)?)
    };
}

/// How many elements an array has.
macro_rules! count {
    () => { 0 };
    ({ $($value:tt)* } $(, $($rest:tt)*)?) => { 1 + $crate::format::json::count!($($($rest)*)?) };
    ([ $($value:tt)* ] $(, $($rest:tt)*)?) => { 1 + $crate::format::json::count!($($($rest)*)?) };
    (? $value:expr $(, $($rest:tt)*)?) => { 1 + $crate::format::json::count!($($($rest)*)?) };
    ($value:expr $(, $($rest:tt)*)?) => { 1 + $crate::format::json::count!($($($rest)*)?) };
}

/// Whether there is something at a place: always, but for options.
macro_rules! present {
    ($place:ident, $index:expr;) => {{
        _ = $place;
        true
    }};
    ($place:ident, $index:expr; $name:literal?: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::present!($place, $index; ? $value $(, $($rest)*)?)
    };
    ($place:ident, $index:expr; ? $value:expr $(, $($rest:tt)*)?) => {
        if $place == $index {
            $value.is_some()
        } else {
            $crate::format::json::present!($place, $index + 1; $($($rest)*)?)
        }
    };
    ($place:ident, $index:expr; $($name:literal:)? { $($value:tt)* } $(, $($rest:tt)*)?) => {
        $crate::format::json::present!($place, $index + 1; $($($rest)*)?)
    };
    ($place:ident, $index:expr; $($name:literal:)? [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::format::json::present!($place, $index + 1; $($($rest)*)?)
    };
    ($place:ident, $index:expr; $name:literal: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::present!($place, $index + 1; $($($rest)*)?)
    };
    ($place:ident, $index:expr; $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::present!($place, $index + 1; $($($rest)*)?)
    };
}

/// Writes what is at a place.
macro_rules! written {
    ($out:ident, $place:ident, $index:expr;) => {
        _ = ($out, $place)
    };
    ($out:ident, $place:ident, $index:expr; $name:literal?: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::written!($out, $place, $index; ? $value $(, $($rest)*)?)
    };
    ($out:ident, $place:ident, $index:expr; ? $value:expr $(, $($rest:tt)*)?) => {
        if $place == $index {
            if let Some(value) = &$value {
                $crate::format::json::Value::write(value, $out);
            }
        } else {
            $crate::format::json::written!($out, $place, $index + 1; $($($rest)*)?);
        }
    };
    ($out:ident, $place:ident, $index:expr; $($name:literal:)? { $($value:tt)* } $(, $($rest:tt)*)?) => {
        if $place == $index {
            $crate::format::json::object!($out; $($value)*);
        } else {
            $crate::format::json::written!($out, $place, $index + 1; $($($rest)*)?);
        }
    };
    ($out:ident, $place:ident, $index:expr; $($name:literal:)? [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        if $place == $index {
            $crate::format::json::array!($out; $($value)*);
        } else {
            $crate::format::json::written!($out, $place, $index + 1; $($($rest)*)?);
        }
    };
    ($out:ident, $place:ident, $index:expr; $name:literal: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::written!($out, $place, $index; $value $(, $($rest)*)?)
    };
    ($out:ident, $place:ident, $index:expr; $value:expr $(, $($rest:tt)*)?) => {
        if $place == $index {
            $crate::format::json::Value::write(&$value, $out);
        } else {
            $crate::format::json::written!($out, $place, $index + 1; $($($rest)*)?);
        }
    };
}

pub(super) use {array, count, object, present, shape, written};

#[cfg(test)]
mod tests;
