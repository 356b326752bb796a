"""Write the module `cratewheel.options.typed_keywords` from the settings model."""

from __future__ import annotations

from pathlib import Path

from cratewheel.options import keywords

TYPED_KEYWORDS = Path(keywords.__file__).with_name("typed_keywords.py")

if __name__ == "__main__":
    TYPED_KEYWORDS.write_text(keywords.render(), encoding="utf-8")
