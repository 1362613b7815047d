//! Writing JSON by pieces, in two forms of one description: as text, and as Postgres stores it (`jsonb`).
//!
//! An object is written where it is described, with [`object!`]: its names are known when it is compiled,
//! so that text has them quoted and `jsonb` has them in order before the first row is made. A document
//! takes some hundred nanoseconds a resource so, where a general serializer takes some thousand, and
//! where reading the text back into `jsonb` would take ten times as long as writing it.
//!
//! `object!(out; "id": id, "name": { "given": [ first, middle ] }, "death": death)` writes values by
//! [`Value`]; a member or an element that [is absent](Value::is_absent), as `None` is, is left out.

pub mod jsonb;
mod layout;
mod text;
mod value;

pub use jsonb::Jsonb;
pub use layout::{Shape, order};

pub use value::{Hyphenated, Joined, Text, Value, element, is_plain, member};

/// Where JSON is written to.
pub trait Out {
    /// Begins an object.
    fn open_object(&mut self);

    /// Before each member of an object that has a value: its name, as in `,"name":`.
    fn name(&mut self, name: &'static str);

    /// In place of a member of an object, or of an element of an array, that has no value.
    fn absent(&mut self);

    /// Ends an object; `shape` tells the names of what was written or left out since it began.
    fn close_object(&mut self, shape: &'static Shape);

    /// Begins an array.
    fn open_array(&mut self);

    /// Before each element of an array that has a value.
    fn element(&mut self);

    /// Ends an array.
    fn close_array(&mut self);

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

/// The [`Shape`] of names, made when it is compiled.
macro_rules! shape {
    ($names:expr) => {{
        const NAMES: &[&str] = &$names;
        const ORDER: [u8; NAMES.len()] = $crate::format::json::order(NAMES);
        static SHAPE: $crate::format::json::Shape = $crate::format::json::Shape::new(NAMES, &ORDER);
        &SHAPE
    }};
}

/// Writes an object: members as in JSON, with values by [`Value`], and objects and arrays among them.
macro_rules! object {
    ($out:expr; $($members:tt)*) => {{
        #[allow(unused_imports, reason = "where the trait is already in scope")]
        use $crate::format::json::Out as _;
        let out = &mut *$out;
        out.open_object();
        $crate::format::json::members!(out; $($members)*);
        out.close_object($crate::format::json::shape!(
            $crate::format::json::names!([] $($members)*)
        ));
    }};
}

/// The names of an object's members.
macro_rules! names {
    ([$($name:literal)*]) => { [$($name),*] };
    ([$($name:literal)*] $next:literal: { $($value:tt)* } $(, $($rest:tt)*)?) => {
        $crate::format::json::names!([$($name)* $next] $($($rest)*)?)
    };
    ([$($name:literal)*] $next:literal: [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::format::json::names!([$($name)* $next] $($($rest)*)?)
    };
    ([$($name:literal)*] $next:literal: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::names!([$($name)* $next] $($($rest)*)?)
    };
}

/// Writes the members of an object that has begun.
macro_rules! members {
    ($out:ident;) => {};
    ($out:ident; $name:literal: { $($value:tt)* } $(, $($rest:tt)*)?) => {
        $out.name(concat!(",\"", $name, "\":"));
        $crate::format::json::object!($out; $($value)*);
        $crate::format::json::members!($out; $($($rest)*)?);
    };
    ($out:ident; $name:literal: [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        $out.name(concat!(",\"", $name, "\":"));
        $crate::format::json::array!($out; $($value)*);
        $crate::format::json::members!($out; $($($rest)*)?);
    };
    ($out:ident; $name:literal: $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::member($out, concat!(",\"", $name, "\":"), &$value);
        $crate::format::json::members!($out; $($($rest)*)?);
    };
}

/// Writes an array: elements as members of [`object!`], without names.
macro_rules! array {
    ($out:expr; $($elements:tt)*) => {{
        let out = &mut *$out;
        out.open_array();
        $crate::format::json::elements!(out; $($elements)*);
        out.close_array();
    }};
}

/// Writes the elements of an array that has begun.
macro_rules! elements {
    ($out:ident;) => {};
    ($out:ident; { $($value:tt)* } $(, $($rest:tt)*)?) => {
        $out.element();
        $crate::format::json::object!($out; $($value)*);
        $crate::format::json::elements!($out; $($($rest)*)?);
    };
    ($out:ident; [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        $out.element();
        $crate::format::json::array!($out; $($value)*);
        $crate::format::json::elements!($out; $($($rest)*)?);
    };
    ($out:ident; $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::json::element($out, &$value);
        $crate::format::json::elements!($out; $($($rest)*)?);
    };
}

pub(super) use {array, elements, members, names, object, shape};

#[cfg(test)]
mod tests;
