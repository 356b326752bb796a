//! A module with one function.

use pyo3_ffi::*;
use std::ffi::c_char;
use std::ptr;

unsafe extern "C" fn answer(_module: *mut PyObject, _arguments: *mut PyObject) -> *mut PyObject {
    PyLong_FromLong(if cfg!(feature = "loud") {
        4200
    } else if cfg!(feature = "answer") {
        42
    } else {
        0
    })
}

unsafe fn module(name: *const c_char) -> *mut PyObject {
    let methods = Box::leak(Box::new([
        PyMethodDef {
            name: c"answer".as_ptr(),
            function: Some(answer),
            flags: METH_NOARGS,
            doc: ptr::null(),
        },
        PyMethodDef {
            name: ptr::null(),
            function: None,
            flags: 0,
            doc: ptr::null(),
        },
    ]));
    let definition = Box::leak(Box::new(PyModuleDef {
        reference_count: 1,
        head: [0; 4],
        name,
        doc: c"What is the answer?".as_ptr(),
        size: -1,
        methods: methods.as_mut_ptr(),
        rest: [0; 4],
    }));
    PyModule_Create2(definition, PYTHON_API_VERSION)
}

/// # Safety
/// Python calls it when it imports the module.
#[no_mangle]
pub unsafe extern "C" fn PyInit_light_module() -> *mut PyObject {
    module(c"light_module".as_ptr())
}

/// # Safety
/// The same under the name that a mixed project likes.
#[no_mangle]
pub unsafe extern "C" fn PyInit__native() -> *mut PyObject {
    module(c"_native".as_ptr())
}
