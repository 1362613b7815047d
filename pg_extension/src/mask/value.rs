//! `synth_mask`: a mask on one value, in queries and views.
//!
//! Whoever may call it can test guesses against the secret, so it is granted to nobody.

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::{
    pg_arg_is_null, pg_getarg, pg_getarg_datum_raw, pg_getarg_type, pg_return_null,
};
use pgrx::pg_sys::{self, Datum};
use pgrx::{Array as PgArray, PgMemoryContexts};
use synth_engine::mask::{self, Literal, Rule};
use synth_engine::registry::ParameterType;

use super::batch::Computation;
use crate::boundary::{datumCopy, require_utf8, sql_function};
use crate::error::{or_raise, raise, raise_null};
use crate::rule::target_of_type;
use crate::secret;

/// A mask that is kept for the calls of one expression.
struct Prepared {
    name: String,
    arguments: Vec<Option<String>>,
    computation: Computation,
    /// How values of the type are passed.
    by_value: bool,
    length: i16,
    /// The type of the value where it is a domain: the result must satisfy it.
    domain: Option<pg_sys::Oid>,
}

sql_function! {
    /// `synth_mask(mask text, value text, VARIADIC arguments text[]) RETURNS text`, and the same
    /// for `anyelement`.
    synth_mask(fcinfo) {
        // SAFETY: the argument types are those declared in SQL; `fn_extra` is ours and lives as
        // long as the context it was made in.
        unsafe {
            let name: String = pg_getarg(fcinfo, 0).unwrap_or_else(|| raise_null("mask"));
            let arguments: Vec<Option<String>> = pg_getarg::<PgArray<&str>>(fcinfo, 2)
                .map(|array| array.iter().map(|text| text.map(str::to_owned)).collect())
                .unwrap_or_default();
            let flinfo = (*fcinfo).flinfo;
            let known = (*flinfo).fn_extra.cast::<Prepared>();
            let fits = known.as_ref().is_some_and(|p| p.name == name && p.arguments == arguments);
            if !fits {
                let type_oid = pg_getarg_type(fcinfo, 1);
                let mut context = PgMemoryContexts::For((*flinfo).fn_mcxt);
                let prepared = context.switch_to(|_| prepare(name, arguments, type_oid));
                (*flinfo).fn_extra = context.leak_and_drop_on_delete(prepared).cast();
            }
            if pg_arg_is_null(fcinfo, 1) {
                return pg_return_null(fcinfo);
            }
            let prepared = &*(*flinfo).fn_extra.cast::<Prepared>();
            apply(prepared, pg_getarg_datum_raw(fcinfo, 1))
        }
    }
}

fn prepare(name: String, arguments: Vec<Option<String>>, type_oid: pg_sys::Oid) -> Prepared {
    require_utf8();
    let entry = or_raise(mask::find(&name));
    let literals = arguments
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let parameter_type = entry
                .parameters
                .get(i)
                .map_or(ParameterType::Text, |p| p.parameter_type);
            let literal = text.as_ref().map_or(Literal::Null, |text| {
                Literal::from_text(text, parameter_type)
            });
            (None, literal)
        })
        .collect();
    let target = target_of_type(type_oid);
    let rule = Rule::Mask {
        name: name.clone(),
        arguments: literals,
    };
    let (true, Some(column_type)) = (mask::is_computed(entry.name), target.column_type) else {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("synth_mask cannot apply {name} to {}", target.type_name),
            Some(format!("Masks that fit: {}.", mask::computing(&target))),
        );
    };
    let mask = or_raise(mask::build(&rule, &target, &secret::current()));
    if !mask.companions().is_empty() {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("synth_mask sees one value, and {name} would read another column"),
            Some("Put the rule on a table.".to_owned()),
        );
    }
    // SAFETY: gives the type itself unless it is a domain; the target's type is that of the value.
    let computation =
        unsafe { Computation::of_value(mask, pg_sys::getBaseType(type_oid), column_type) };
    let (mut length, mut by_value) = (0, false);
    // SAFETY: catalog look-up.
    unsafe { pg_sys::get_typlenbyval(type_oid, &raw mut length, &raw mut by_value) };
    Prepared {
        by_value,
        length,
        computation,
        name,
        arguments,
        // SAFETY: gives the type itself unless it is a domain.
        domain: (unsafe { pg_sys::getBaseType(type_oid) } != type_oid).then_some(type_oid),
    }
}

/// # Safety
/// `value` is of the type that the mask was prepared for.
unsafe fn apply(prepared: &Prepared, value: Datum) -> Datum {
    let mut scratch = Vec::new();
    // SAFETY: by the caller's promise.
    let (cells, array) = unsafe {
        prepared
            .computation
            .run(&[Some(value)], &[], &mut scratch, true)
    };
    let masked = cells.first().copied().flatten().unwrap_or(Datum::null());
    if let Some(domain) = prepared.domain {
        let none = std::ptr::null_mut();
        // SAFETY: the value is of the domain's base type; nothing is kept between calls.
        unsafe { pg_sys::domain_check(masked, false, domain, none, std::ptr::null_mut()) };
    }
    // SAFETY: the value is of the argument's type; the copy lives in the caller's context, while
    // array and scratch end here.
    let copy = unsafe { datumCopy(masked, prepared.by_value, i32::from(prepared.length)) };
    drop((array, scratch));
    copy
}
