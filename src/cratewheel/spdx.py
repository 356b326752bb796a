"""Licence expressions (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/).

`packaging` knows all licences there are, in tables that take a while to import. Nearly all crates have one of a dozen.
"""

from __future__ import annotations

import re

_USUAL = frozenset(
    {
        "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
        "ISC", "MIT", "MIT-0", "MPL-2.0", "Unicode-3.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
_OF_UNICODE_IDENT = "(MIT OR Apache-2.0) AND Unicode-3.0"  # on which all depends that has macros


def canonical(expression: str) -> str | None:
    """Return a licence expression in the spelling of its specification, or None for what is none.

    >>> canonical("mit or (apache-2.0 with llvm-exception)"), canonical("as you like")
    ('MIT OR (Apache-2.0 WITH LLVM-exception)', None)
    """
    if expression == _OF_UNICODE_IDENT or _USUAL.issuperset(re.split(r" OR | AND ", expression)):
        return expression
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        return None
