//! The values of a column as arrays that masks take, and back: arrays element by element, types the
//! engine does not hold through their text form.

use std::ffi::{CStr, CString};
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::schema::ColumnType;

use super::other::{output_function, prepared};
use crate::column;
use crate::error::raise;
use crate::rule::element_of;

/// How a column's values are read and written.
pub struct Codec {
    column_type: ColumnType,
    /// `char(n)`: blanks at the end are not seen.
    trim: bool,
    /// `char(n)`: so many characters.
    pad: Option<usize>,
    /// For types that go through their text form.
    text: Option<TextForm>,
    /// For arrays.
    elements: Option<Elements>,
}

struct TextForm {
    output: *mut pg_sys::FmgrInfo,
    input: *mut pg_sys::FmgrInfo,
    io_param: Oid,
    typmod: i32,
}

struct Elements {
    type_oid: Oid,
    length: i16,
    by_value: bool,
    align: std::ffi::c_char,
}

/// The dimensions of an array, and how many elements it has.
struct Shape {
    dimensions: Vec<i32>,
    lower_bounds: Vec<i32>,
    count: usize,
}

/// Arrays taken apart: shapes by row, `None` for NULL.
pub struct Shapes(Option<Vec<Option<Shape>>>);

impl Shapes {
    /// Values of rows, repeated for the elements of each.
    pub fn spread(&self, values: &ArrayRef) -> ArrayRef {
        let Some(shapes) = &self.0 else {
            return values.clone();
        };
        let mut out = StringBuilder::new();
        for (value, shape) in values.as_string::<i32>().iter().zip(shapes) {
            for _ in 0..shape.as_ref().map_or(0, |shape| shape.count) {
                out.append_option(value);
            }
        }
        Arc::new(out.finish())
    }
}

impl Codec {
    /// Prepares for a type without domains around it.
    ///
    /// # Safety
    /// The type is one that `column_type` stands for, or an array of it; what is prepared lives in
    /// the current memory context.
    pub unsafe fn new(
        base_oid: Oid,
        typmod: i32,
        column_type: ColumnType,
        pad: Option<usize>,
    ) -> Self {
        let (element, is_array) = element_of(base_oid);
        // SAFETY: the types exist.
        unsafe {
            let text = matches!(
                column_type,
                ColumnType::Json | ColumnType::Numeric | ColumnType::Inet | ColumnType::Enum
            )
            .then(|| {
                let (mut function, mut io_param) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
                pg_sys::getTypeInputInfo(element, &raw mut function, &raw mut io_param);
                TextForm {
                    output: output_function(element),
                    input: prepared(function),
                    io_param,
                    typmod,
                }
            });
            let elements = is_array.then(|| {
                let (mut length, mut by_value, mut align) = (0, false, 0);
                pg_sys::get_typlenbyvalalign(
                    element,
                    &raw mut length,
                    &raw mut by_value,
                    &raw mut align,
                );
                Elements {
                    type_oid: element,
                    length,
                    by_value,
                    align,
                }
            });
            Self {
                column_type,
                trim: element == pg_sys::BPCHAROID,
                pad,
                text,
                elements,
            }
        }
    }

    /// Whether values may be stored out of line, and so take more memory than they seem to.
    pub fn is_varlena(&self) -> bool {
        self.elements.is_some()
            || matches!(
                self.column_type,
                ColumnType::Text | ColumnType::Json | ColumnType::Numeric | ColumnType::Bytes
            )
    }

    /// Reads values. For arrays, all elements one after the other.
    ///
    /// # Safety
    /// The values are of the codec's type.
    pub unsafe fn decode(&self, values: impl Iterator<Item = Option<Datum>>) -> (ArrayRef, Shapes) {
        // SAFETY: by the caller's promise.
        unsafe {
            let Some(elements) = &self.elements else {
                return (self.scalars(values), Shapes(None));
            };
            let mut all: Vec<Option<Datum>> = Vec::new();
            let shapes = values
                .map(|value| value.map(|value| elements.take_apart(value, &mut all)))
                .collect();
            (self.scalars(all.into_iter()), Shapes(Some(shapes)))
        }
    }

    /// # Safety
    /// The values are of the element's type.
    unsafe fn scalars(&self, values: impl Iterator<Item = Option<Datum>>) -> ArrayRef {
        let Some(form) = &self.text else {
            // SAFETY: by the caller's promise.
            return unsafe { column::array(self.column_type, self.trim, values) };
        };
        let mut out = StringBuilder::new();
        for value in values {
            match value {
                None => out.append_null(),
                // SAFETY: the type's own output function; the builder copies the text.
                Some(value) => unsafe {
                    let text = pg_sys::OutputFunctionCall(form.output, value);
                    out.append_value(CStr::from_ptr(text).to_string_lossy());
                },
            }
        }
        Arc::new(out.finish())
    }

    /// Writes what a mask gave, a cell a row. Cells live as long as the array given back, `scratch`
    /// and the current memory context.
    ///
    /// # Safety
    /// `masked` is what a mask made of what `decode` gave together with the shapes.
    pub unsafe fn encode(
        &self,
        masked: ArrayRef,
        shapes: &Shapes,
        scratch: &mut Vec<u8>,
    ) -> (Vec<Option<Datum>>, ArrayRef) {
        let masked = match self.pad {
            Some(width) => column::pad(&masked, width),
            None => masked,
        };
        let mut cells = vec![Datum::null(); masked.len()];
        match &self.text {
            None => column::datums(&masked, scratch, cells.iter_mut()),
            Some(form) => {
                for (cell, text) in cells.iter_mut().zip(masked.as_string::<i32>()) {
                    if let Some(text) = text {
                        // SAFETY: the type's own input function.
                        *cell = unsafe { form.read(text) };
                    }
                }
            }
        }
        let mut cells: Vec<Option<Datum>> = cells
            .into_iter()
            .enumerate()
            .map(|(row, cell)| masked.is_valid(row).then_some(cell))
            .collect();
        if let (Some(elements), Shapes(Some(shapes))) = (&self.elements, shapes) {
            let mut from = 0;
            cells = shapes
                .iter()
                .map(|shape| {
                    shape.as_ref().map(|shape| {
                        let own = &cells[from..from + shape.count];
                        from += shape.count;
                        // SAFETY: elements of the array's type, as many as there were.
                        unsafe { elements.put_together(own, shape) }
                    })
                })
                .collect();
        }
        (cells, masked)
    }
}

impl TextForm {
    /// # Safety
    /// Called with the text form of a value.
    unsafe fn read(&self, text: &str) -> Datum {
        let Ok(text) = CString::new(text) else {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                "a masked value holds a NUL character".to_owned(),
                Some("Use another mask for this column.".to_owned()),
            );
        };
        // SAFETY: the type's input function, prepared by `Codec::new`.
        unsafe {
            pg_sys::InputFunctionCall(
                self.input,
                text.as_ptr().cast_mut(),
                self.io_param,
                self.typmod,
            )
        }
    }
}

impl Elements {
    /// # Safety
    /// `value` is an array of these elements.
    unsafe fn take_apart(&self, value: Datum, all: &mut Vec<Option<Datum>>) -> Shape {
        // SAFETY: the header is that of utils/array.h: dimensions and lower bounds follow it.
        unsafe {
            let array = pg_sys::pg_detoast_datum(value.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let rank = (*array).ndim.max(0) as usize;
            let numbers = array.add(1).cast::<i32>();
            let numbers = std::slice::from_raw_parts(numbers, rank * 2);
            let (dimensions, lower_bounds) = numbers.split_at(rank);
            let (mut cells, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
            pg_sys::deconstruct_array(
                array,
                self.type_oid,
                i32::from(self.length),
                self.by_value,
                self.align,
                &raw mut cells,
                &raw mut nulls,
                &raw mut count,
            );
            let count = count as usize;
            for index in 0..count {
                all.push((!*nulls.add(index)).then_some(*cells.add(index)));
            }
            Shape {
                dimensions: dimensions.to_vec(),
                lower_bounds: lower_bounds.to_vec(),
                count,
            }
        }
    }

    /// # Safety
    /// The cells are values of these elements, as many as the shape says.
    unsafe fn put_together(&self, cells: &[Option<Datum>], shape: &Shape) -> Datum {
        let mut values: Vec<Datum> = cells.iter().map(|c| c.unwrap_or(Datum::null())).collect();
        let mut nulls: Vec<bool> = cells.iter().map(Option::is_none).collect();
        let (mut dimensions, mut bounds) = (shape.dimensions.clone(), shape.lower_bounds.clone());
        // SAFETY: by the caller's promise; the array is palloc'd.
        unsafe {
            Datum::from(pg_sys::construct_md_array(
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
                dimensions.len() as i32,
                dimensions.as_mut_ptr(),
                bounds.as_mut_ptr(),
                self.type_oid,
                i32::from(self.length),
                self.by_value,
                self.align,
            ))
        }
    }
}
