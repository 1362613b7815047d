//! A place of a query that calls a value function: what is kept between its calls.

use std::collections::HashMap;
use std::ffi::c_char;

use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::pg_getarg;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Oid};
use synth_engine::entropy::Permutation;
use synth_engine::generator::{self, Bound, Draws, Generator};
use synth_engine::schema::ColumnType;

use super::argument::Slot;
use super::emit::{self, Buffer};
use crate::boundary::string;
use crate::error::{or_raise, raise};

/// Bound generators kept where arguments change from row to row.
const MOST_BOUND: usize = 16;

/// Arguments by parameter name.
type Literals = Vec<(&'static str, Option<String>)>;

/// What is kept between the calls of one place.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the call"
)]
pub struct Site {
    /// The generator.
    pub generator: &'static Generator,
    /// Its parameters among the arguments.
    pub slots: Vec<Slot>,
    /// The arguments that `bound` was made of.
    pub literals: Literals,
    /// Whether they are known to stay.
    pub fixed: bool,
    /// Where the argument `is_unique` is.
    pub unique_at: Option<usize>,
    /// Whether the options ask for values that do not repeat.
    pub unique: bool,
    /// Whether the arguments are the same in every call.
    constant: bool,
    row_at: usize,
    seed_at: usize,
    as_text: bool,
    bound: Bound,
    cache: HashMap<Literals, (Bound, bool)>,
    draws: Option<(i64, Draws)>,
    order: Option<(i64, Option<Permutation>)>,
    buffer: Buffer,
    calls: u64,
}

/// What is known of a function when a site is made for it.
pub struct Choice {
    generator: &'static Generator,
    slots: Vec<Slot>,
    row_at: usize,
    seed_at: usize,
    unique_at: Option<usize>,
    as_text: bool,
}

impl Choice {
    /// The generator that the function is named for, with its parameters by name.
    ///
    /// # Safety
    /// `fcinfo` is the information of a call.
    pub unsafe fn declared(fcinfo: FunctionCallInfo) -> Self {
        // SAFETY: by the caller's promise.
        let function = unsafe { Declared::of(fcinfo) };
        let name = function
            .name
            .strip_prefix("synth_")
            .unwrap_or(&function.name);
        let generator = or_raise(generator::find(name));
        let position = |name: &str| function.arguments.iter().position(|(n, _)| n == name);
        let slots: Option<Vec<Slot>> = generator
            .entry
            .parameters
            .iter()
            .map(|parameter| {
                position(parameter.name).map(|at| Slot {
                    at,
                    name: parameter.name,
                    type_oid: function.arguments[at].1,
                })
            })
            .collect();
        let output = generator.entry.output.unwrap_or(ColumnType::Text);
        let of_type = |at: usize, oid| function.arguments[at].1 == oid;
        match (slots, position("row"), position("seed")) {
            (Some(slots), Some(row_at), Some(seed_at))
                if function.result == emit::type_oid(output)
                    && of_type(row_at, pg_sys::INT8OID)
                    && of_type(seed_at, pg_sys::INT8OID) =>
            {
                Self {
                    generator,
                    slots,
                    row_at,
                    seed_at,
                    unique_at: position("is_unique").filter(|&at| of_type(at, pg_sys::BOOLOID)),
                    as_text: false,
                }
            }
            _ => raise(
                ERRCODE_INVALID_FUNCTION_DEFINITION,
                format!(
                    "function {} does not fit the generator {name}",
                    function.name
                ),
                Some("Use the functions that CREATE EXTENSION pg_synth makes.".to_owned()),
            ),
        }
    }

    /// The generator that the first argument names, with options as the last.
    ///
    /// # Safety
    /// `fcinfo` is the information of a call of `synth(text, bigint, bigint, jsonb)`.
    pub unsafe fn by_name(fcinfo: FunctionCallInfo) -> Self {
        // SAFETY: by the caller's promise.
        let name: String = unsafe { pg_getarg(fcinfo, 0) }.unwrap_or_default();
        let slot = |at, name, type_oid| Slot { at, name, type_oid };
        Self {
            generator: or_raise(generator::find(&name)),
            slots: vec![
                slot(0, "generator", pg_sys::TEXTOID),
                slot(3, "options", pg_sys::JSONBOID),
            ],
            row_at: 1,
            seed_at: 2,
            unique_at: None,
            as_text: true,
        }
    }
}

/// The declaration of an SQL function.
struct Declared {
    name: String,
    result: Oid,
    arguments: Vec<(String, Oid)>,
}

impl Declared {
    /// # Safety
    /// `fcinfo` is the information of a call.
    unsafe fn of(fcinfo: FunctionCallInfo) -> Self {
        // SAFETY: the catalog's row of the function that runs; it is released before anything can
        // be raised. Names and types are arrays of as many elements as there are arguments; there
        // are no names where none is declared.
        unsafe {
            let oid = (*(*fcinfo).flinfo).fn_oid;
            let tuple = pg_sys::SearchSysCache1(
                pg_sys::SysCacheIdentifier::PROCOID as i32,
                Datum::from(oid),
            );
            if tuple.is_null() {
                raise(
                    ERRCODE_UNDEFINED_FUNCTION,
                    format!("function {} is gone", oid.to_u32()),
                    Some("Run the statement again.".to_owned()),
                );
            }
            let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_proc>();
            let (mut types, mut names, mut modes): (*mut Oid, *mut *mut c_char, *mut c_char) = (
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            );
            let count =
                pg_sys::get_func_arg_info(tuple, &raw mut types, &raw mut names, &raw mut modes);
            let function = Self {
                name: string((*form).proname.data.as_ptr()),
                result: (*form).prorettype,
                arguments: (0..usize::try_from(count).unwrap_or(0))
                    .map(|i| {
                        let name = if names.is_null() {
                            String::new()
                        } else {
                            string(*names.add(i))
                        };
                        (name, *types.add(i))
                    })
                    .collect(),
            };
            pg_sys::ReleaseSysCache(tuple);
            function
        }
    }
}

impl Site {
    /// The site of this call, made at its first.
    ///
    /// # Safety
    /// `fcinfo` is the information of a call that `choice` fits; the site is used by no one else
    /// until the call ends.
    pub unsafe fn of<'a>(
        fcinfo: FunctionCallInfo,
        choice: unsafe fn(FunctionCallInfo) -> Choice,
    ) -> &'a mut Self {
        // SAFETY: `fn_extra` is ours and lives as long as the context it was made in.
        unsafe {
            let flinfo = (*fcinfo).flinfo;
            if (*flinfo).fn_extra.is_null() {
                let choice = choice(fcinfo);
                let constant = choice
                    .slots
                    .iter()
                    .all(|slot| pg_sys::get_fn_expr_arg_stable(flinfo, slot.at as i32));
                let site = Self {
                    generator: choice.generator,
                    fixed: choice.slots.is_empty(),
                    literals: Vec::new(),
                    bound: if choice.slots.is_empty() {
                        or_raise(choice.generator.bind(&[]))
                    } else {
                        Bound::boolean(|_| false)
                    },
                    slots: choice.slots,
                    unique_at: choice.unique_at,
                    unique: false,
                    constant,
                    row_at: choice.row_at,
                    seed_at: choice.seed_at,
                    as_text: choice.as_text,
                    cache: HashMap::new(),
                    draws: None,
                    order: None,
                    buffer: Buffer::default(),
                    calls: 0,
                };
                (*flinfo).fn_extra = PgMemoryContexts::For((*flinfo).fn_mcxt)
                    .leak_and_drop_on_delete(site)
                    .cast();
            }
            &mut *(*flinfo).fn_extra.cast::<Self>()
        }
    }

    /// The argument `row`.
    ///
    /// # Safety
    /// `fcinfo` is the information of a call of this site.
    pub unsafe fn row(&self, fcinfo: FunctionCallInfo) -> Option<i64> {
        // SAFETY: a bigint, as was checked when the site was made.
        unsafe { super::argument(fcinfo, self.row_at) }.map(|row| row.value() as i64)
    }

    /// The argument `seed`.
    ///
    /// # Safety
    /// As for [`Self::row`].
    pub unsafe fn seed(&self, fcinfo: FunctionCallInfo) -> Option<i64> {
        // SAFETY: a bigint, as was checked when the site was made.
        unsafe { super::argument(fcinfo, self.seed_at) }.map(|seed| seed.value() as i64)
    }

    /// The number of this call at this place, from 0; in a parallel worker, from a number of its
    /// own.
    pub fn count_call(&mut self) -> u64 {
        self.calls += 1;
        // SAFETY: reads a variable of the backend: -1 in the leader.
        let worker = unsafe { pg_sys::ParallelWorkerNumber };
        (u64::try_from(worker + 1).unwrap_or(0) << 48) | (self.calls - 1)
    }

    /// Takes another generator, where the call names one each time.
    pub fn choose(&mut self, generator: &'static Generator) {
        self.generator = generator;
        self.draws = None;
    }

    /// Takes other arguments; `bind` is asked where they are not among those kept.
    pub fn rebind(&mut self, literals: Literals, bind: impl FnOnce(&Literals) -> (Bound, bool)) {
        if self.cache.len() >= MOST_BOUND {
            self.cache.clear();
        }
        let (bound, unique) = self
            .cache
            .entry(literals.clone())
            .or_insert_with_key(bind)
            .clone();
        (self.bound, self.unique) = (bound, unique);
        self.literals = literals;
        self.order = None;
        self.fixed = self.constant;
    }

    /// The value of a row under a seed.
    pub fn value(&mut self, row: u64, seed: i64, unique: bool) -> Datum {
        let draws = match self.draws {
            Some((of, draws)) if of == seed => draws,
            _ => {
                let draws = self.generator.draws(seed.cast_unsigned());
                self.draws = Some((seed, draws));
                draws
            }
        };
        if unique {
            return self.unique_value(row, seed, &draws);
        }
        let entropy = draws.at(row);
        if self.as_text {
            return self.buffer.text_of(&self.bound, entropy);
        }
        emit::typed(&self.bound, entropy, &mut self.buffer)
    }

    fn unique_value(&mut self, row: u64, seed: i64, draws: &Draws) -> Datum {
        let order = match self.order {
            Some((of, order)) if of == seed => order,
            _ => {
                let order = self.bound.order(draws.key());
                self.order = Some((seed, order));
                order
            }
        };
        let Some(order) = order.filter(|order| row < order.len()) else {
            super::raise_exhausted(self.generator.entry.name, &self.bound, row);
        };
        self.buffer
            .fill(|out| self.bound.nth(order.apply(row), out));
        let output = if self.as_text {
            ColumnType::Text
        } else {
            self.bound.output()
        };
        emit::finish(output, &mut self.buffer)
    }
}
