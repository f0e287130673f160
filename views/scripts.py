"""Scripts of ours in the page, each as a component: the page itself runs none (Content-Security-Policy)."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st


@cache
def script(name: str) -> Any:
    """The component of NAME.js, to be called with a key and the data for the script."""
    path = Path(__file__).with_name(f"{name}.js")
    return st.components.v2.component(f"yinju_{name}", js=path.read_text(encoding="utf-8"))
