//! Greets a `Person`, whose fields are in `schema/person.msg`.

mod messages;

use pyo3::prelude::*;

#[pymodule(name = "_native")]
mod native {
    use super::messages::Person;
    use pyo3::prelude::*;

    #[pyfunction]
    fn greet(person: Person) -> String {
        format!("Hello, {} ({})", person.name, person.age)
    }
}
