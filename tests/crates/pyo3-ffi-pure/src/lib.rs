//! A module with one function, written against the C interface.

use std::ffi::CStr;
use std::os::raw::c_char;
use std::ptr;

use pyo3_ffi::*;

const NAME: &CStr = c"pyo3_ffi_pure";
const ANSWER: &CStr = c"answer";

unsafe extern "C" fn answer(_module: *mut PyObject, _arguments: *mut PyObject) -> *mut PyObject {
    PyLong_FromLong(42)
}

#[allow(non_snake_case)]
#[no_mangle]
pub unsafe extern "C" fn PyInit_pyo3_ffi_pure() -> *mut PyObject {
    let methods = Box::leak(Box::new([
        PyMethodDef {
            ml_name: ANSWER.as_ptr() as *const c_char,
            ml_meth: PyMethodDefPointer {
                PyCFunction: answer,
            },
            ml_flags: METH_NOARGS,
            ml_doc: ptr::null(),
        },
        PyMethodDef::zeroed(),
    ]));
    let module = Box::leak(Box::new(PyModuleDef {
        m_base: PyModuleDef_HEAD_INIT,
        m_name: NAME.as_ptr() as *const c_char,
        m_doc: ptr::null(),
        m_size: -1,
        m_methods: methods.as_mut_ptr(),
        m_slots: ptr::null_mut(),
        m_traverse: None,
        m_clear: None,
        m_free: None,
    }));
    PyModule_Create(module)
}
