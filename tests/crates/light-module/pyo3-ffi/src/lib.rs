//! A few declarations of Python's C interface, the same in CPython 3.7 to 3.14 with a GIL.

#![allow(non_camel_case_types, non_snake_case)]

use std::ffi::{c_char, c_int, c_long, c_void};

pub type PyObject = c_void;
pub type PyCFunction = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

pub const METH_NOARGS: c_int = 4;
pub const PYTHON_API_VERSION: c_int = 1013;

#[repr(C)]
pub struct PyMethodDef {
    pub name: *const c_char,
    pub function: Option<PyCFunction>,
    pub flags: c_int,
    pub doc: *const c_char,
}

/// `PyModuleDef`, its head included: reference count, type, and three words of the interpreter's own.
#[repr(C)]
pub struct PyModuleDef {
    pub reference_count: isize,
    pub head: [usize; 4],
    pub name: *const c_char,
    pub doc: *const c_char,
    pub size: isize,
    pub methods: *mut PyMethodDef,
    pub rest: [usize; 4],
}

extern "C" {
    pub fn PyModule_Create2(definition: *mut PyModuleDef, version: c_int) -> *mut PyObject;
    pub fn PyLong_FromLong(value: c_long) -> *mut PyObject;
}
